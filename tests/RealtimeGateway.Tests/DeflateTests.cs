using System.IO.Pipelines;
using System.Text;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.RealtimeGateway.WebSockets;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Compressed WebSocket messages (RFC 7692).</summary>
public sealed class DeflateTests : GatewayTest
{
    private const string Both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    protected override (string Key, string Value)[] Settings => [("Gateway:Connections:Compression", "true")];

    [Theory]
    [InlineData("permessage-deflate", Both)]
    [InlineData("x-other, permessage-deflate; client_max_window_bits", Both)]
    [InlineData("permessage-deflate; server_max_window_bits=10, permessage-deflate", Both)]
    [InlineData("permessage-deflate; server_max_window_bits=15; client_max_window_bits=\"12\"", Both + "; server_max_window_bits=15")]
    [InlineData("permessage-deflate; server_max_window_bits=10", null)]
    [InlineData("permessage-deflate; client_max_window_bits=7", null)]
    [InlineData("permessage-deflate; other", null)]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover", null)]
    [InlineData("x-webkit-deflate-frame", null)]
    [InlineData("", null)]
    public void Offer_is_taken_when_it_can_be_kept(string offer, string? answer) => Assert.Equal(answer, MessageDeflate.Negotiate([offer]));

    [Fact]
    public void Long_message_shrinks_and_a_short_one_stays_as_it_is()
    {
        var framing = Wire.CentrifugeJson.Deflated().Framing;

        var longer = framing.Wrap(Encoding.UTF8.GetBytes(new string('a', 1000)));
        var shorter = framing.Wrap("{}"u8);

        Assert.InRange(longer.Length, 5, 50);
        Assert.Equal(0xc1, longer.Bytes.Span[0]);
        Assert.Equal([0x81, 0x02, (byte)'{', (byte)'}'], shorter.Bytes.ToArray());
    }

    [Fact]
    public async Task Messages_go_compressed_both_ways_for_who_asked_and_plain_for_others()
    {
        await using var compressed = await SocketClient.OpenAsync(Server.Address, "/connection/websocket", deflate: true);
        await using var plain = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");
        Assert.StartsWith(Both, compressed.Socket.HttpResponseHeaders!["Sec-WebSocket-Extensions"].Single(), StringComparison.Ordinal);
        Assert.False(plain.Socket.HttpResponseHeaders!.ContainsKey("Sec-WebSocket-Extensions"));
        foreach (var client in new[] { compressed, plain })
        {
            await client.CallAsync("connect", new { token = Server.Token() });
            await client.SubscribeAsync(Metrics);
        }

        await Writer.PutAsync(Enumerable.Range(1, 50).Select(i => LogWriter.Window(i, (ulong)i)));

        for (var i = 1; i <= 50; i++)
        {
            var publication = await compressed.PublicationAsync();
            Assert.Equal((await plain.PublicationAsync()).ToJsonString(), publication.ToJsonString());
            Assert.Equal(i, (int)publication["data"]!["data"]!["count"]!);
        }
    }

    [Fact]
    public async Task Plain_socket_is_compressed_too()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/ws?stream=shop&access_token=" + Server.Token(), deflate: true);
        Assert.True(client.Socket.HttpResponseHeaders!.ContainsKey("Sec-WebSocket-Extensions"));
        await client.ReadAsync();

        await Writer.PutAsync(LogWriter.Window(1, 3));

        Assert.Equal(3, (int)(await client.ReadAsync())["data"]!["count"]!);
    }

    [Fact]
    public async Task Message_that_becomes_too_large_is_1009()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket", deflate: true);

        await client.SendAsync(new string('x', 10 * 1024 * 1024));

        Assert.Equal(1009, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Reader_takes_compressed_fragments_and_refuses_what_breaks_the_rules()
    {
        var message = Encoding.UTF8.GetBytes(new string('a', 500) + "ü");
        var compressed = MessageDeflate.Compress(message)!;

        Assert.Equal(message, (await ReadAsync(Frame(0x41, compressed[..3]), Frame(0x00, compressed[3..4]), Frame(0x80, compressed[4..]))).Payload.ToArray());
        Assert.Equal("plain", Encoding.UTF8.GetString((await ReadAsync(Frame(0x81, "plain"u8.ToArray()))).Payload.Span));
        Assert.Equal(1002, (await ReadAsync(Frame(0x41, compressed[..3]), Frame(0xc0, compressed[3..]))).FailureCode); // Said again in a further frame.
        Assert.Equal(1002, (await ReadAsync(Frame(0xc9, []))).FailureCode); // A control frame.
        Assert.Equal(1002, (await ReadAsync(Frame(0xa1, []))).FailureCode); // Another reserved bit.
        Assert.Equal(1007, (await ReadAsync(Frame(0xc1, [0xff, 0xff, 0xff]))).FailureCode); // No compressed data.
        Assert.Equal(1007, (await ReadAsync(Frame(0xc1, MessageDeflate.Compress([.. Enumerable.Repeat((byte)0xff, 300)])!))).FailureCode); // No UTF-8.
    }

    [Fact]
    public Task Published_client_finds_everything_over_compressed_messages() => ClientScript.ConformAsync(Server, "json", "websocket");

    private static async Task<WebSocketInput> ReadAsync(params byte[][] frames)
    {
        var reader = new WebSocketReader(PipeReader.Create(new MemoryStream(frames.SelectMany(f => f).ToArray())), 64 * 1024, mayCompress: true);
        return await reader.ReadAsync(CancellationToken.None);
    }

    private static byte[] Frame(byte first, byte[] payload)
    {
        Assert.InRange(payload.Length, 0, 125);
        return [first, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];
    }
}
