using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.RealtimeGateway.WebSockets;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Frames and queues, byte by byte.</summary>
public sealed class WireTests
{
    [Fact]
    public void Accept_key_is_that_of_the_standards_example() =>
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WebSocketHandshake.AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(1000)]
    [InlineData(65535)]
    [InlineData(65536)]
    public async Task Message_arrives_however_it_is_cut_into_reads(int length)
    {
        var text = new string('a', length);
        var pipe = new Pipe();
        var reader = new WebSocketReader(pipe.Reader, 100_000);
        var bytes = Masked(0x81, Encoding.ASCII.GetBytes(text));

        var reading = reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        foreach (var chunk in bytes.Chunk(length > 1000 ? 777 : 1)) await pipe.Writer.WriteAsync(chunk);

        Assert.Equal(text, Encoding.ASCII.GetString((await reading).Payload.Span));
        reader.Release();
    }

    [Fact]
    public async Task Fragments_are_joined_and_a_ping_between_them_comes_first()
    {
        var input = await ReadAllAsync([.. Masked(0x01, "ab"u8), .. Masked(0x00, "cd"u8), .. Masked(0x89, "p"u8), .. Masked(0x80, "ef"u8)]);

        Assert.Equal([(WebSocketOpcode.Ping, "p"), (WebSocketOpcode.Text, "abcdef")], input.Select(i => (i.Opcode, i.Text)));
    }

    [Theory]
    [InlineData(new byte[] { 0x81, 0x01, (byte)'a' }, 1002)] // not masked
    [InlineData(new byte[] { 0xC1, 0x80, 0, 0, 0, 0 }, 1002)] // reserved bit
    [InlineData(new byte[] { 0x83, 0x80, 0, 0, 0, 0 }, 1002)] // unknown opcode
    [InlineData(new byte[] { 0x80, 0x80, 0, 0, 0, 0 }, 1002)] // continuation of nothing
    [InlineData(new byte[] { 0x09, 0x80, 0, 0, 0, 0 }, 1002)] // fragmented ping
    [InlineData(new byte[] { 0x89, 0xFE, 0, 126, 0, 0, 0, 0 }, 1002)] // long ping
    [InlineData(new byte[] { 0x81, 0x81, 0, 0, 0, 0, 0xff }, 1007)] // not UTF-8
    [InlineData(new byte[] { 0x82, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 1009)] // 4 GiB
    [InlineData(new byte[] { 0x82, 0xFF, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 }, 1009)] // 16 EiB
    public async Task Broken_rule_names_its_close_code(byte[] bytes, int code)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(bytes);

        Assert.Equal(code, (await new WebSocketReader(pipe.Reader, 1000).ReadAsync(TestContext.Current.CancellationToken)).FailureCode);
    }

    [Fact]
    public async Task Connection_that_breaks_off_ends_without_an_exception()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Masked(0x81, "abc"u8).AsMemory(0, 5));
        await pipe.Writer.CompleteAsync();

        Assert.True((await new WebSocketReader(pipe.Reader, 1000).ReadAsync(TestContext.Current.CancellationToken)).IsEnd);
    }

    [Fact]
    public void Queue_keeps_order_and_bytes_through_growth_and_wrap()
    {
        var queue = default(OutQueue);
        var expected = new Queue<Frame>();
        for (var i = 0; i < 200; i++)
        {
            var frame = Wire.WebSocket.Framing.Wrap(Encoding.ASCII.GetBytes(new string('x', i)));
            queue.Add(frame);
            expected.Enqueue(frame);
            if (i % 3 == 0) Assert.Same(expected.Dequeue(), queue.Take());
        }

        Assert.Equal(expected.Sum(f => f.Length), queue.Bytes);
        while (expected.TryDequeue(out var frame)) Assert.Same(frame, queue.Take());
        Assert.Equal(0, queue.Bytes);
    }

    [Fact]
    public void History_keeps_order_when_older_ones_are_put_in_front()
    {
        var history = new ChannelHistory();
        for (var offset = 10; offset < 30; offset++) history.Add(At(offset));
        for (var i = 0; i < 5; i++) history.RemoveOldest();
        history.Prepend([.. Enumerable.Range(1, 9).Select(o => At(o))]);

        Assert.Equal([.. Enumerable.Range(1, 9), .. Enumerable.Range(15, 15)], Enumerable.Range(0, history.Count).Select(i => (int)history[i].Offset));
        Assert.Equal(9, history.IndexAfter(9));
        Assert.Equal(9, history.IndexAfter(14));
        Assert.Equal(10, history.IndexAfter(15));
        Assert.Equal(history.Count, history.IndexAfter(99));
    }

    [Fact]
    public async Task Socket_works_over_http2()
    {
        await using var server = await GatewayServer.StartAsync(("Kestrel:EndpointDefaults:Protocols", "Http2"), ("Kestrel:Endpoints:Main:Url", "http://127.0.0.1:0"));
        await using var client = await SocketClient.OpenAsync(server.Address, "/connection/websocket", "centrifuge-json", http2: true);

        await client.CallAsync("connect", new { token = server.Token() });
        await client.SubscribeAsync("tenant:acme:metrics:shop");
        await server.Writer.PutAsync(LogWriter.Window(1, 6));

        Assert.Equal(6, (int)(await client.PublicationAsync())["data"]!["data"]!["count"]!);
        Assert.Equal("centrifuge-json", client.SubProtocol);
    }

    private static Publication At(int offset) => new(offset, 0, "", [1, 2, 3]);

    private static byte[] Masked(byte first, ReadOnlySpan<byte> payload)
    {
        byte[] mask = [0x11, 0x22, 0x33, 0x44];
        List<byte> bytes = [first];
        if (payload.Length < 126) bytes.Add((byte)(0x80 | payload.Length));
        else if (payload.Length <= ushort.MaxValue) bytes.AddRange([0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length]);
        else bytes.AddRange([0x80 | 127, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length]);
        bytes.AddRange(mask);
        for (var i = 0; i < payload.Length; i++) bytes.Add((byte)(payload[i] ^ mask[i % 4]));
        return [.. bytes];
    }

    private static async Task<List<(WebSocketOpcode Opcode, string Text)>> ReadAllAsync(byte[] bytes)
    {
        var reader = new WebSocketReader(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), 1000);
        var all = new List<(WebSocketOpcode, string)>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { IsEnd: false } input) all.Add((input.Opcode, Encoding.ASCII.GetString(input.Payload.Span)));
        return all;
    }
}
