using System.Net;
using System.Net.Sockets;

namespace Millrace.Servers;

/// <summary>Ports of 127.0.0.1 that nobody listens on.</summary>
public static class FreePort
{
    // Below the range from which the kernel takes the ports of outgoing connections: a server that is stopped finds its port free again.
    private const int First = 20_000;
    private const int End = 32_000;

    /// <summary>A free port between 20000 and 32000, chosen at random so that test runs side by side rarely meet.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, End);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Taken: another one, then.
                continue;
            }
        }
    }
}
