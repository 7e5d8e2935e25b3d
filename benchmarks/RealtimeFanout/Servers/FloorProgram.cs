using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.RealtimeFanout.Load;

namespace Millrace.RealtimeFanout.Servers;

/// <summary>The floor's server: one thread, one epoll, no protocol to speak of.</summary>
internal static class FloorProgram
{
    private static readonly byte[] Buffer = new byte[64 * 1024];

    public static void Run(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        using var poller = new Poller();
        var clients = new List<Socket>();
        var channels = new Dictionary<int, List<Socket>>();
        poller.Add(listener, 0);
        while (true)
        {
            foreach (var index in poller.Wait(TimeSpan.FromSeconds(1)))
            {
                if (index == 0)
                {
                    var client = listener.Accept();
                    client.NoDelay = true;
                    clients.Add(client);
                    poller.Add(client, clients.Count);
                }
                else
                {
                    Serve(clients[index - 1], channels);
                }
            }
        }
    }

    private static void Serve(Socket client, Dictionary<int, List<Socket>> channels)
    {
        var length = client.Receive(Buffer, SocketFlags.None, out _);
        if (length == 0)
        {
            foreach (var listeners in channels.Values) listeners.Remove(client);
            client.Dispose();
            return;
        }

        var text = Encoding.ASCII.GetString(Buffer, 0, length);
        var at = 0;
        // Publications come one by one, or several in one read.
        foreach (var request in text.Split(" HTTP/1.1\r\n")[..^1])
        {
            var channel = int.Parse(request.AsSpan(request.LastIndexOf('/') + 1), CultureInfo.InvariantCulture);
            if (!channels.TryGetValue(channel, out var listeners)) channels.Add(channel, listeners = []);
            if (!request.EndsWith($"POST /{channel}", StringComparison.Ordinal))
            {
                listeners.Add(client);
                client.Send("HTTP/1.1 101 Switching Protocols\r\n\r\n"u8);
                client.Blocking = false;
                return;
            }

            at = text.IndexOf(Dialect.Mark, at + 1, StringComparison.Ordinal);
            byte[] frame = [0x81, 126, 0, Dialect.PayloadBytes, .. Buffer.AsSpan(at, Dialect.PayloadBytes)];
            foreach (var listener in listeners) listener.Send(frame, SocketFlags.None, out _);
            client.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8);
        }
    }
}
