using System.Net.Sockets;

namespace Millrace.RealtimeGateway.WebSockets.Listening;

/// <summary>A socket that is no longer the web server's.</summary>
/// <param name="socket">The socket.</param>
/// <param name="ahead">What the client had sent already.</param>
internal sealed class DetachedSocket(Socket socket, byte[] ahead) : IDisposable
{
    private static readonly Action Nothing = static () => { };
    private Action? _closed;

    public Socket Socket => socket;

    public byte[] Ahead => ahead;

    /// <summary>Has something done when the socket is closed, at once if it is. Once.</summary>
    public void OnClosed(Action done)
    {
        if (Interlocked.CompareExchange(ref _closed, done, null) is not null) done();
    }

    /// <summary>Ends both directions: what waits for the socket fails. Any thread, any number of times.</summary>
    public static void Shut(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client was faster.
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        Interlocked.Exchange(ref _closed, Nothing)?.Invoke();
    }
}
