using System.Net.WebSockets;
using Google.Protobuf;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The Centrifuge protocol in Protobuf, byte by byte.</summary>
public sealed class ProtobufTests : GatewayTest
{
    [Theory]
    [InlineData("centrifuge-protobuf", "")]
    [InlineData(null, "?format=protobuf")]
    [InlineData(null, "?cf_protocol=protobuf")]
    public async Task Connect_is_answered_in_a_binary_frame_with_its_length_in_front(string? subprotocol, string query)
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket" + query, subprotocol);

        await SendAsync(client, Command(1, 4, Text(1, Server.Token())));
        var reply = await ReadAsync(client);

        Assert.Equal(subprotocol, client.SubProtocol);
        Assert.Equal(1u, Number(reply, 1));
        var connect = Field(reply, 5)!;
        Assert.True(Guid.TryParse(Field(connect, 1)!.ToStringUtf8(), out _));
        Assert.Equal(1u, Number(connect, 3)); // expires
        Assert.InRange(Number(connect, 4), 50u, 60u); // ttl
        Assert.Equal(25u, Number(connect, 7)); // ping
        Assert.Equal(1u, Number(connect, 8)); // pong
    }

    [Fact]
    public async Task Several_commands_in_a_frame_are_answered_in_their_order()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket", "centrifuge-protobuf");

        await SendAsync(client, Command(1, 4, Text(1, Server.Token())), Command(2, 5, Text(1, Metrics)), Command(3, 11, []), Command(4, 6, Text(1, Metrics)));

        for (var id = 1u; id <= 4; id++) Assert.Equal(id, Number(await ReadAsync(client), 1));
    }

    [Fact]
    public async Task Publication_carries_the_document_as_bytes_and_its_offset()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket", "centrifuge-protobuf");
        await SendAsync(client, Command(1, 4, Text(1, Server.Token())), Command(2, 5, Text(1, Metrics)));
        await ReadAsync(client);
        await ReadAsync(client);

        await Writer.PutAsync(LogWriter.Window(1, 7));
        var push = Field(await ReadAsync(client), 4)!;

        Assert.Equal(Metrics, Field(push, 2)!.ToStringUtf8());
        var publication = Field(push, 4)!;
        Assert.StartsWith("{\"type\":\"window\",\"data\":{\"stream\":\"shop\"", Field(publication, 4)!.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal(1u, Number(publication, 6));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 5, 8, 1 })] // Longer than what comes.
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x80, 1 })] // A length without end.
    [InlineData(new byte[] { 2, 8, 1, 7 })] // The second one is cut.
    [InlineData(new byte[] { 4, 8, 1, 0x22, 3 })] // A field longer than its message.
    public async Task Malformed_frame_is_3501(byte[] frame)
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket", "centrifuge-protobuf");

        await client.Socket.SendAsync(frame, WebSocketMessageType.Binary, true, CancellationToken.None);

        Assert.Equal(3501, await client.ReadToCloseAsync());
    }

    private static byte[] Command(uint id, int method, byte[] request) => Write(o =>
    {
        o.WriteTag(1, WireFormat.WireType.Varint);
        o.WriteUInt32(id);
        o.WriteTag(method, WireFormat.WireType.LengthDelimited);
        o.WriteBytes(ByteString.CopyFrom(request));
    });

    private static byte[] Text(int field, string value) => Write(o =>
    {
        o.WriteTag(field, WireFormat.WireType.LengthDelimited);
        o.WriteString(value);
    });

    private static byte[] Write(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true)) write(output);
        return bytes.ToArray();
    }

    private static Task SendAsync(SocketClient client, params byte[][] commands) => client.Socket.SendAsync(
        Write(o =>
        {
            foreach (var command in commands) o.WriteBytes(ByteString.CopyFrom(command));
        }),
        WebSocketMessageType.Binary,
        true,
        CancellationToken.None);

    private static async Task<ByteString> ReadAsync(SocketClient client) => await client.ReadDelimitedAsync();

    private static ByteString? Field(ByteString message, int wanted)
    {
        var input = message.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == wanted) return input.ReadBytes();
            input.SkipLastField();
        }

        return null;
    }

    private static uint Number(ByteString message, int wanted)
    {
        var input = message.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == wanted) return input.ReadUInt32();
            input.SkipLastField();
        }

        return 0;
    }
}
