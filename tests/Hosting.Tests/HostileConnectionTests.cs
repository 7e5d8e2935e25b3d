using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

/// <summary>Clients that hold connections without using them, or send more than there is room for, by bytes on a bare socket.</summary>
public sealed class HostileConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Connection_past_the_limit_gets_503_and_is_closed_and_there_is_room_again_later()
    {
        await using var host = await TestHost.StartAsync(settings => settings["Millrace:Http:MaxConnections"] = "20");
        var held = new List<Socket>();
        for (var i = 0; i < 20; i++) held.Add(await OpenAsync(host, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"));
        foreach (var socket in held) Assert.StartsWith("HTTP/1.1 200", await ReadHeadAsync(socket), StringComparison.Ordinal);

        for (var i = 0; i < 100; i++)
        {
            using var refused = await OpenAsync(host, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            var answer = await ReadToEndAsync(refused);
            Assert.StartsWith("HTTP/1.1 503", answer, StringComparison.Ordinal);
            Assert.Contains("Retry-After: 5\r\n", answer, StringComparison.Ordinal);
            Assert.EndsWith("\"retryable\":true}", answer, StringComparison.Ordinal);
        }

        held.ForEach(socket => socket.Dispose());
        await Eventually.TrueAsync(
            async () =>
            {
                using var again = await OpenAsync(host, "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                return (await ReadToEndAsync(again)).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
            },
            what: "there is room again");
        Assert.Contains(host.Logged.Lines, line => line.Text.Contains("There are 20 connections, which is the limit", StringComparison.Ordinal));
        Assert.Contains("millrace_http_connections_refused_total 1", (await MetricsAsync(host)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_client_that_neither_reads_nor_closes_is_cut()
    {
        await using var host = await TestHost.StartAsync(settings => settings["Millrace:Http:MaxConnections"] = "1");
        using var held = await OpenAsync(host, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        await ReadHeadAsync(held);
        using var silent = await OpenAsync(host, "");
        Assert.StartsWith("HTTP/1.1 503", await ReadHeadAsync(silent), StringComparison.Ordinal);
        // The host's clock stands still until it is moved, past what a refused client may take.
        await Eventually.TrueAsync(
            () =>
            {
                host.Time.Advance(TimeSpan.FromSeconds(3));
                return ValueTask.FromResult(IsClosed(silent));
            },
            what: "the refused connection is cut");
    }

    [Fact]
    public async Task Headers_that_come_byte_by_byte_end_in_408()
    {
        await using var host = await TestHost.StartAsync(settings => settings["Millrace:Http:HeadersTimeout"] = "00:00:01");
        using var slow = await OpenAsync(host, "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        var dripping = DripAsync(slow, "a");
        var answer = await ReadToEndAsync(slow);
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        await dripping;
    }

    [Fact]
    public async Task Body_that_comes_byte_by_byte_is_refused()
    {
        await using var host = await TestHost.StartAsync(
            settings =>
            {
                settings["Millrace:Http:MinBodyRate"] = "10000";
                settings["Millrace:Http:BodyGrace"] = "00:00:02";
            },
            app => app.MapPost("/body", async (Stream body) =>
            {
                await body.CopyToAsync(Stream.Null);
                return "read";
            }));
        using var slow = await OpenAsync(host, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
        var dripping = DripAsync(slow, "a");
        var answer = await ReadToEndAsync(slow);
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        await dripping;
    }

    [Fact]
    public async Task Half_open_connections_do_not_keep_others_out_and_end()
    {
        await using var host = await TestHost.StartAsync(settings =>
        {
            settings["Millrace:Http:KeepAlive"] = "00:00:01";
            settings["Millrace:Http:HeadersTimeout"] = "00:00:01";
        });
        var half = new List<Socket>();
        for (var i = 0; i < 50; i++)
        {
            var socket = await OpenAsync(host, "POST /inge");
            socket.Shutdown(SocketShutdown.Send);
            half.Add(socket);
        }

        for (var i = 0; i < 50; i++) half.Add(await OpenAsync(host, ""));
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/health/live")).StatusCode);
        foreach (var socket in half) await ReadToEndAsync(socket);
        half.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [InlineData("many headers", 431)]
    [InlineData("one large header", 431)]
    [InlineData("long request line", 414)]
    [InlineData("endless header name", 431)]
    [InlineData("no HTTP at all", 400)]
    [InlineData("two lengths", 400)]
    [InlineData("length and chunks", 400)]
    [InlineData("NUL in a header", 400)]
    [InlineData("bad chunk", 400)]
    public async Task Request_that_is_too_large_or_malformed_is_refused(string what, int status)
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapPost("/body", async (Stream body) =>
        {
            await body.CopyToAsync(Stream.Null);
            return "read";
        }));
        var request = what switch
        {
            "many headers" => "GET / HTTP/1.1\r\nHost: x\r\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: 1\r\n")) + "\r\n",
            "one large header" => "GET / HTTP/1.1\r\nHost: x\r\nX: " + new string('a', 100_000) + "\r\n\r\n",
            "long request line" => "GET /" + new string('a', 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
            "endless header name" => "GET / HTTP/1.1\r\nHost: x\r\n" + new string('a', 100_000),
            "no HTTP at all" => "\x16\x03\x01 this is TLS, or something else\r\n\r\n",
            "two lengths" => "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "length and chunks" => "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello",
            "NUL in a header" => "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
            _ => "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        };
        using var socket = await OpenAsync(host, request);
        Assert.StartsWith($"HTTP/1.1 {status}", await ReadToEndAsync(socket), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/health/live")).StatusCode);
    }

    private static async Task<string> MetricsAsync(TestHost host) => await host.Client.GetStringAsync("/metrics");

    private static async Task<Socket> OpenAsync(TestHost host, string text)
    {
        var address = host.Client.BaseAddress!;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port);
        try
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(text));
        }
        catch (SocketException)
        {
            // Refused while it was still sending: the answer can be read all the same.
        }

        return socket;
    }

    private static async Task DripAsync(Socket socket, string drop)
    {
        var bytes = Encoding.ASCII.GetBytes(drop);
        using var drip = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            while (await drip.WaitForNextTickAsync()) await socket.SendAsync(bytes);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server has closed, as it should.
        }
    }

    private static async Task<string> ReadHeadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Patience);
        var buffer = new byte[4096];
        return Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Patience);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is var read and > 0) text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (SocketException)
        {
            // Reset: what was read before counts.
        }

        socket.Dispose();
        return text.ToString();
    }

    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead) && socket.Receive(new byte[4096]) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
