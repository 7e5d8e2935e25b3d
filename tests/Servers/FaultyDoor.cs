using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Servers;

/// <summary>
/// Stands between a client and a server, carries bytes as they are, and does on demand what networks and busy servers do: answers 503 (to HTTP), cuts
/// connections in the middle of a body, lets everything wait, or takes no connections at all.
/// </summary>
public sealed class FaultyDoor : IAsyncDisposable
{
    private readonly Uri _to;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _gate = new();
    private readonly List<Socket> _open = [];
    private readonly Task _accepting;
    private int _busy;
    private volatile bool _isDown;
    private long _delayTicks;
    private long _upUntilCut = long.MaxValue;
    private long _downUntilCut = long.MaxValue;

    public FaultyDoor(Uri to)
    {
        _to = to;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Endpoint => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The port of <see cref="Endpoint"/>.</summary>
    public int Port => Endpoint.Port;

    /// <summary>How long each piece of data waits, in both directions. Default not at all.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>Whether connections are broken and new ones reset, as by a server that is away.</summary>
    public bool IsDown
    {
        get => _isDown;
        set
        {
            _isDown = value;
            if (value) Break();
        }
    }

    /// <summary>Requests that were answered with 503.</summary>
    public int Refused { get; private set; }

    /// <summary>Connections that were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>Answers the next requests with 503 SlowDown; <paramref name="retryAfter"/> goes into the header of that name.</summary>
    public void AnswerSlowDown(int requests, int? retryAfter = null)
    {
        RetryAfter = retryAfter;
        Volatile.Write(ref _busy, requests);
        // A connection that is open already would get past.
        Break();
    }

    /// <summary>Cuts all connections once so many more bytes have come from the client.</summary>
    public void CutUploadAfter(long bytes) => Volatile.Write(ref _upUntilCut, bytes);

    /// <summary>Cuts all connections once so many more bytes have come from the store.</summary>
    public void CutDownloadAfter(long bytes) => Volatile.Write(ref _downUntilCut, bytes);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Break();
        await _accepting;
    }

    private int? RetryAfter { get; set; }

    private void Break()
    {
        lock (_gate)
        {
            foreach (var socket in _open)
            {
                try
                {
                    Reset(socket);
                }
                catch (ObjectDisposedException)
                {
                    // Closed already by whoever was at its other end.
                }
            }

            _open.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                if (_isDown)
                {
                    Reset(client);
                    continue;
                }

                if (Interlocked.Decrement(ref _busy) >= 0)
                {
                    _ = RefuseAsync(client);
                    continue;
                }

                await ConnectAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task ConnectAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(_to.Host, _to.Port);
        }
        catch (SocketException)
        {
            // The server itself is away: its client learns that as it would without a door.
            server.Dispose();
            Reset(client);
            return;
        }

        lock (_gate) _open.AddRange([client, server]);
        _ = CarryAsync(client, server, up: true);
        _ = CarryAsync(server, client, up: false);
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    private async Task CarryAsync(Socket from, Socket to, bool up)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                if (IsCutNow(read, up))
                {
                    Cuts++;
                    Break();
                    return;
                }

                if (Delay is { Ticks: > 0 } delay) await Task.Delay(delay);
                for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut on purpose, or by the other side.
        }
    }

    private bool IsCutNow(int bytes, bool up)
    {
        ref var left = ref up ? ref _upUntilCut : ref _downUntilCut;
        if (Volatile.Read(ref left) == long.MaxValue || Interlocked.Add(ref left, -bytes) > 0) return false;
        Volatile.Write(ref left, long.MaxValue);
        return true;
    }

    private async Task RefuseAsync(Socket client)
    {
        Refused++;
        const string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
        await using var stream = new NetworkStream(client, ownsSocket: true);
        try
        {
            await ReadRequestAsync(stream);
            var retryAfter = RetryAfter is { } seconds ? $"Retry-After: {seconds}\r\n" : "";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\n{retryAfter}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The client has gone.
        }
    }

    // To its end, but where the client waits to be told to go on: who closes with bytes unread resets the connection under its own answer.
    private static async Task ReadRequestAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0) return;
            head.Append((char)one[0]);
        }

        var lines = head.ToString().Split("\r\n");
        if (lines.Any(line => line.StartsWith("Expect:", StringComparison.OrdinalIgnoreCase))) return;
        var length = lines.FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var rest = new byte[length is null ? 0 : int.Parse(length["Content-Length:".Length..], System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(rest);
    }
}
