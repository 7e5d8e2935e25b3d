using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Millrace.RealtimeGateway.WebSockets.Listening;

/// <summary>Accepts, and looks at the first bytes of each connection without taking them.</summary>
internal sealed class DetachingListener : IConnectionListener, IMemoryPoolFeature
{
    /// <summary>Connections that are looked at a time, at most; more are the server's at once.</summary>
    private const int MostWaiting = 10_000;

    // Who says nothing for so long is left to the server, which has a limit of its own for that.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Socket _listener;
    private readonly SocketConnectionContextFactory _general;
    private readonly bool _noDelay;
    private readonly TimeProvider _time;
    private readonly Channel<ConnectionContext> _ready = Channel.CreateUnbounded<ConnectionContext>(new() { SingleReader = true });
    private readonly Task _accepting;
    private int _waiting;

    public DetachingListener(Socket listener, SocketConnectionContextFactory general, MemoryPool<byte> memory, bool noDelay, TimeProvider time)
    {
        (_listener, _general, _noDelay, _time) = (listener, general, noDelay, time);
        EndPoint = listener.LocalEndPoint!;
        MemoryPool = memory;
        _accepting = Task.Run(AcceptAllAsync);
    }

    public EndPoint EndPoint { get; }

    /// <summary>What the server rents its buffers from: its own kind of pool, which no connection that is made outside of it has by itself.</summary>
    public MemoryPool<byte> MemoryPool { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _ready.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_ready.Reader.TryRead(out var connection)) return connection;
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _listener.Dispose();
        return new ValueTask(_accepting);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        while (_ready.Reader.TryRead(out var left)) await left.DisposeAsync();
        _general.Dispose();
        MemoryPool.Dispose();
    }

    private async Task AcceptAllAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync();
                socket.NoDelay = _noDelay;
                _ = LookAsync(socket);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                _ready.Writer.Complete();
                return;
            }
            catch (SocketException)
            {
                // This one was gone before it was taken.
            }
        }
    }

    private async Task LookAsync(Socket socket)
    {
        var isOurs = false;
        try
        {
            if (Interlocked.Increment(ref _waiting) <= MostWaiting)
            {
                var head = new byte[Opening.Longest];
                // Without a token, whose registration the socket would keep for life. A look that has not ended in time ends with the first byte, and does no harm.
                var look = socket.ReceiveAsync(head.AsMemory(), SocketFlags.Peek);
                var length = look.IsCompleted ? await look : await look.AsTask().WaitAsync(Patience, _time);
                isOurs = Opening.IsOurs(head.AsSpan(0, length));
            }
        }
        catch (TimeoutException)
        {
            // Silent so far.
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            socket.Dispose();
            return;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        var connection = isOurs ? new DetachableConnection(socket) : _general.Create(socket);
        connection.Features.Set<IMemoryPoolFeature>(this);
        if (!_ready.Writer.TryWrite(connection)) await connection.DisposeAsync();
    }
}
