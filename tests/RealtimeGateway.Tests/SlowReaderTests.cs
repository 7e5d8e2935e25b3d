using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>A client that reads, but much less than its channel says.</summary>
public sealed class SlowReaderTests
{
    private const string Channel = "tenant:acme:metrics:shop";
    private const int QueueBytes = 64 * 1024;
    private const int FrameBytes = 16 * 1024;
    private const int HistoryBytes = 256 * 1024;
    private const int Windows = 50;
    private const int Rounds = 200;

    // Of some 25 KB that each round says.
    private const int BytesARound = 1000;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly MemoryStream _received = new();
    private int _parsed;

    [Fact]
    public async Task Reader_of_a_kilobyte_a_round_stays_is_conflated_and_ends_on_the_newest_values_while_nothing_grows()
    {
        await using var server = await GatewayServer.StartAsync(
            ("Gateway:Connections:QueueBytes", $"{QueueBytes}"), ("Gateway:Connections:SocketSendBufferBytes", "16384"), ("Gateway:Connections:FrameBytes", $"{FrameBytes}"),
            ("Gateway:History:Bytes", $"{HistoryBytes}"));
        using var measurements = new Measurements(server);
        await using var fast = await SocketClient.ConnectAsync(server.Address, server.Token());
        await fast.SubscribeAsync(Channel);
        using var slow = await OpenAsync(server);
        var waiting = 0L;

        for (var round = 1; round <= Rounds; round++)
        {
            await server.Writer.PutAsync(Enumerable.Range(1, Windows).Select(second => LogWriter.Window(second, (ulong)round)));
            for (var i = 0; i < Windows; i++) await fast.PublicationAsync();
            await ReceiveAsync(slow, BytesARound);
            waiting = Math.Max(waiting, (await server.Get<FanoutHub>().CollectAsync(c => (object)c.Queue.Bytes, TestContext.Current.CancellationToken)).Max(bytes => (long)bytes));
        }

        // What the server holds for it is bounded, whatever the channel said meanwhile: some five megabytes.
        Assert.InRange(waiting, 1, QueueBytes + FrameBytes);
        Assert.InRange(measurements.Largest("queue.high_water"), 1, QueueBytes + FrameBytes);
        Assert.Equal(2, server.Get<FanoutHub>().Connections);
        Assert.True(measurements.Sum("conflations") >= 1);

        var latest = new Dictionary<string, long>();
        var (aggregated, offset) = (false, 0L);
        while (latest.Count < Windows || latest.Values.Any(revision => revision < 2 * Rounds))
        {
            foreach (var publication in await PublicationsAsync(slow))
            {
                Assert.True((long)publication["offset"]! > offset);
                offset = (long)publication["offset"]!;
                var data = publication["data"]!;
                aggregated |= (string?)data["mode"] == "aggregated";
                foreach (var window in (string)data["type"]! == "snapshot" ? data["data"]!["windows"]!.AsArray() : new JsonArray(data["data"]!.DeepClone()))
                {
                    var start = (string)window!["window_start"]!;
                    Assert.True((long)window["revision"]! >= latest.GetValueOrDefault(start));
                    latest[start] = (long)window["revision"]!;
                }
            }
        }

        Assert.True(aggregated);
        Assert.Equal(0, measurements.Sum("disconnects"));
        Assert.True(_received.Length < Rounds * Windows * 100L, $"{_received.Length} bytes");
    }

    /// <summary>A connection whose kernel holds little, with its subscription confirmed.</summary>
    private async Task<Socket> OpenAsync(GatewayServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            "GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        while (Find("\r\n\r\n"u8) < 0) await ReceiveAsync(socket, 1);
        _parsed = Find("\r\n\r\n"u8) + 4;
        var commands = Encoding.UTF8.GetBytes($$$"""{"id":1,"connect":{"token":"{{{server.Token()}}}"}}""" + "\n" + $$$"""{"id":2,"subscribe":{"channel":"{{{Channel}}}"}}""");
        await socket.SendAsync((byte[])[0x81, 0x80 | 126, (byte)(commands.Length >> 8), (byte)commands.Length, 0, 0, 0, 0, .. commands]);
        while (Find("\"subscribe\""u8) < 0) await ReceiveAsync(socket, 1);
        return socket;
    }

    private int Find(ReadOnlySpan<byte> text) => _received.GetBuffer().AsSpan(0, (int)_received.Length).IndexOf(text);

    /// <summary>Reads so many bytes at most, and one at least.</summary>
    private async Task ReceiveAsync(Socket socket, int most)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var length = await socket.ReceiveAsync(_buffer.AsMemory(0, most), SocketFlags.None, limit.Token);
        Assert.NotEqual(0, length);
        _received.Write(_buffer, 0, length);
    }

    /// <summary>The publications of the next whole frame.</summary>
    private async Task<List<JsonNode>> PublicationsAsync(Socket socket)
    {
        while (true)
        {
            var rest = _received.GetBuffer().AsMemory(_parsed, (int)_received.Length - _parsed);
            if (rest.Length >= 4)
            {
                Assert.Equal(0x81, rest.Span[0]);
                var (header, length) = rest.Span[1] < 126 ? (2, rest.Span[1]) : (4, (int)BinaryPrimitives.ReadUInt16BigEndian(rest.Span[2..]));
                if (rest.Length >= header + length)
                {
                    _parsed += header + length;
                    return [.. Encoding.UTF8.GetString(rest.Span.Slice(header, length)).Split('\n').Select(line => JsonNode.Parse(line)!["push"]?["pub"]).OfType<JsonNode>()];
                }
            }

            await ReceiveAsync(socket, _buffer.Length);
        }
    }
}
