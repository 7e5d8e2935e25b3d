using System.IO.Pipelines;
using System.Net.Sockets;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>An upgraded connection: what comes in, and the way out.</summary>
internal abstract class WebSocketTransport : IClientTransport
{
    /// <summary>The client's bytes.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>Ends what is done for the client when the connection is cut.</summary>
    public abstract CancellationToken Aborted { get; }

    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    public abstract void Abort();

    /// <summary>Nothing is read or written any more.</summary>
    public virtual void Close()
    {
    }

    /// <summary>A message has come from the client.</summary>
    public virtual void HasHeard()
    {
    }

    /// <summary>Hands bytes to the kernel, in full and without waiting whenever it takes them.</summary>
    /// <param name="socket">The socket, which does not block.</param>
    /// <param name="bytes">What.</param>
    protected static ValueTask SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        var sent = socket.Send(bytes.Span, SocketFlags.None, out var error);
        if (error == SocketError.Success && sent == bytes.Length) return ValueTask.CompletedTask;
        return error is SocketError.Success or SocketError.WouldBlock
            ? RestAsync(socket, error == SocketError.Success ? bytes[sent..] : bytes)
            : ValueTask.FromException(new SocketException((int)error));
    }

    /// <summary>Sets an option of a socket. A client may be gone before it is served; whoever reads or writes next finds out.</summary>
    protected static bool TrySet(Action set)
    {
        try
        {
            set();
            return true;
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            return false;
        }
    }

    private static async ValueTask RestAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
    }
}
