using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.RealtimeFanout.Servers;

namespace Millrace.RealtimeFanout.Load;

/// <summary>Opens connections, some at a time.</summary>
/// <param name="dialect">What they say.</param>
/// <param name="port">The server's.</param>
internal sealed class Clients(Dialect dialect, int port)
{
    private const int AtOnce = 64;
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Subscribers, dealt out over the channels.</summary>
    public List<Socket> Open(int count, int channels)
    {
        var all = new List<Socket>(count);
        foreach (var some in Enumerable.Range(0, count).Chunk(AtOnce))
        {
            var sockets = Array.ConvertAll(some, _ => Connect());
            for (var i = 0; i < some.Length; i++) sockets[i].Send(dialect.Open(some[i] % channels));
            foreach (var socket in sockets) ReadUntil(socket, "\r\n\r\n");
            for (var i = 0; i < some.Length; i++)
            {
                if (dialect.Hello(some[i], some[i] % channels) is { } hello) sockets[i].Send(hello);
            }

            foreach (var socket in sockets) ReadUntil(socket, dialect.Welcome);
            all.AddRange(sockets);
        }

        foreach (var socket in all) socket.Blocking = false;
        return all;
    }

    /// <summary>A bare connection.</summary>
    public Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    private void ReadUntil(Socket socket, string text)
    {
        var all = new StringBuilder();
        while (!all.ToString().Contains(text, StringComparison.Ordinal))
        {
            var length = socket.Receive(_buffer);
            if (length == 0) throw new IOException("closed: " + all);
            all.Append(Encoding.Latin1.GetString(_buffer, 0, length));
        }
    }
}
