using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.RealtimeFanout;

/// <summary>Subscribers that count, over bare sockets so that they cost little themselves.</summary>
internal static class Load
{
    private static long _deliveries;
    private static long _bytes;
    private static long _latencySum;
    private static readonly long[] Latencies = new long[4096];

    public static async Task RunAsync(Arguments options)
    {
        var sockets = new List<Socket>();
        for (var i = 0; i < options.Sockets; i++) sockets.Add(await OpenAsync(options, $"tenant:{Arguments.Tenant}:metrics:s{i % options.Channels}"));
        var server = ServerOf(options.Port);
        Console.WriteLine($"{sockets.Count} subscribers; server {server}, {ResidentKb(server) / sockets.Count} KB resident each, all in");
        foreach (var socket in sockets) _ = Task.Run(() => ReadAsync(socket));
        await Task.Delay(TimeSpan.FromSeconds(3));

        var (cpu, deliveries, bytes) = (CpuSeconds(server), Volatile.Read(ref _deliveries), Volatile.Read(ref _bytes));
        Array.Clear(Latencies);
        _latencySum = 0;
        var clock = Stopwatch.StartNew();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        var seconds = clock.Elapsed.TotalSeconds;
        cpu = CpuSeconds(server) - cpu;
        deliveries = Volatile.Read(ref _deliveries) - deliveries;
        bytes = Volatile.Read(ref _bytes) - bytes;
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{deliveries / seconds:0} deliveries/s, {bytes / (double)deliveries:0} B each, server {cpu / seconds:0.00} cores, {cpu / deliveries * 1e6:0.00} CPU-s per million, p50 {Quantile(0.5)} ms, p95 {Quantile(0.95)} ms, p99 {Quantile(0.99)} ms");
        Console.WriteLine(line);
    }

    private static async Task<Socket> OpenAsync(Arguments options, string channel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, options.Port);
        await SendAsync(socket, Encoding.ASCII.GetBytes(
            "GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        await ReadUntilAsync(socket, "\r\n\r\n");
        await SendAsync(socket, Text($$$"""{"id":1,"connect":{"token":"{{{Arguments.ApiKey}}}"}}""" + "\n" + $$$"""{"id":2,"subscribe":{"channel":"{{{channel}}}"}}"""));
        await ReadUntilAsync(socket, "\"subscribe\"");
        return socket;
    }

    private static async Task ReadAsync(Socket socket)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer, SocketFlags.None);
                if (length == 0) throw new IOException("closed");
                Count(buffer.AsSpan(0, length));
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Console.WriteLine("a subscriber was lost: " + e.Message);
        }
    }

    // A message that is split between two reads is counted with whichever half holds its beginning.
    private static void Count(ReadOnlySpan<byte> bytes)
    {
        Interlocked.Add(ref _bytes, bytes.Length);
        var messages = bytes.Count("{\"push\""u8);
        if (messages == 0) return;
        Interlocked.Add(ref _deliveries, messages);
        var at = bytes.LastIndexOf("\"updated_at\":\""u8);
        if (at < 0 || at + 38 > bytes.Length) return;
        var sent = DateTimeOffset.Parse(Encoding.ASCII.GetString(bytes.Slice(at + 14, 24)), CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        var latency = Math.Clamp(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - sent, 0, Latencies.Length - 1);
        Interlocked.Increment(ref Latencies[latency]);
        Interlocked.Increment(ref _latencySum);
    }

    private static int Quantile(double share)
    {
        var left = (long)(_latencySum * share);
        for (var i = 0; i < Latencies.Length; i++)
        {
            left -= Latencies[i];
            if (left <= 0) return i;
        }

        return Latencies.Length;
    }

    private static async Task ReadUntilAsync(Socket socket, string text)
    {
        var buffer = new byte[64 * 1024];
        var all = new StringBuilder();
        while (!all.ToString().Contains(text, StringComparison.Ordinal))
        {
            var length = await socket.ReceiveAsync(buffer, SocketFlags.None);
            if (length == 0) throw new IOException("closed: " + all);
            all.Append(Encoding.UTF8.GetString(buffer, 0, length));
        }
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;) at += await socket.SendAsync(bytes.AsMemory(at), SocketFlags.None);
    }

    // A masked frame with a mask of zeros.
    private static byte[] Text(string text)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        return [0x81, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload];
    }

    private static int ServerOf(int port)
    {
        foreach (var process in Process.GetProcessesByName("dotnet").Concat(Process.GetProcessesByName("Millrace.RealtimeFanout")))
        {
            var line = File.ReadAllText($"/proc/{process.Id}/cmdline").Replace('\0', ' ');
            if (line.Contains("serve", StringComparison.Ordinal) && line.Contains(port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)) return process.Id;
        }

        throw new InvalidOperationException("No server process found.");
    }

    private static double CpuSeconds(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.TotalProcessorTime.TotalSeconds;
    }

    private static long ResidentKb(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.WorkingSet64 / 1024;
    }
}
