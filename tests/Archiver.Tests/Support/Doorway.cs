using System.Net;
using System.Net.Sockets;

namespace Millrace.Archiver.Tests.Support;

/// <summary>Stands between a client and a server and can be shut: connections then break, and new ones are refused, as when the server is away.</summary>
internal sealed class Doorway : IAsyncDisposable
{
    private readonly Func<Task<int>> _to;
    private readonly Lock _gate = new();
    private readonly List<Socket> _open = [];
    private TcpListener? _listener;
    private long _carried;
    private long _breakAfter = long.MaxValue;

    public Doorway(Func<Task<int>> to)
    {
        _to = to;
        Open();
    }

    /// <summary>Where to connect to.</summary>
    public int Port { get; private set; }

    /// <summary>Breaks all connections once so many more bytes have gone towards the server.</summary>
    public void BreakAfter(long bytes)
    {
        Volatile.Write(ref _carried, 0);
        Volatile.Write(ref _breakAfter, bytes);
    }

    /// <summary>Lets connections through, at the same port as before.</summary>
    public void Open()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(_listener);
    }

    /// <summary>Breaks every connection and refuses new ones.</summary>
    public void Shut()
    {
        _listener?.Stop();
        _listener = null;
        Break();
    }

    public ValueTask DisposeAsync()
    {
        Shut();
        return ValueTask.CompletedTask;
    }

    private void Break()
    {
        lock (_gate)
        {
            foreach (var socket in _open)
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Dispose();
            }

            _open.Clear();
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync();
                var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(IPAddress.Loopback, await _to());
                lock (_gate) _open.AddRange([client, server]);
                _ = CarryAsync(client, server, counts: true);
                _ = CarryAsync(server, client, counts: false);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Shut.
        }
    }

    private async Task CarryAsync(Socket from, Socket to, bool counts)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                if (counts && Interlocked.Add(ref _carried, read) > Volatile.Read(ref _breakAfter))
                {
                    Volatile.Write(ref _breakAfter, long.MaxValue);
                    Break();
                    return;
                }

                for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Broken on purpose, or by the other side.
        }
    }
}
