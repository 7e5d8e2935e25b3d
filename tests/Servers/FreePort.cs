using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Millrace.Servers;

/// <summary>
/// Ports of 127.0.0.1 that nobody listens on. Each is given out once, and kept from other test runs on this machine as long as this process lives,
/// so that a server that is stopped finds its port free again. Somebody else may still take one: see <see cref="StartAsync"/>.
/// </summary>
public static class FreePort
{
    private const int First = 10_000;
    private const int End = 32_000;
    private const int Attempts = 4;
    private const string OutgoingRange = "/proc/sys/net/ipv4/ip_local_port_range";
    private static readonly string _claims = Path.Combine(Path.GetTempPath(), $"millrace-ports-{Environment.UserName}");

    // Held open, and with them the ports, until the process ends.
    private static readonly Dictionary<int, FileStream> _given = [];
    private static readonly (int From, int To) _outgoing = ReadOutgoing();

    /// <summary>A free port, chosen at random outside the range from which the kernel takes the ports of outgoing connections.</summary>
    public static int Next()
    {
        lock (_given)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, End);
                if (IsOutgoing(port) || _given.ContainsKey(port) || !IsFree(port) || Claim(port) is not { } claim) continue;
                _given.Add(port, claim);
                return port;
            }
        }
    }

    /// <summary>Makes a server with ports of its own and starts it; where one of them was taken in between, makes another one.</summary>
    /// <param name="make">Makes it; its ports come from <see cref="Next"/>.</param>
    /// <param name="start">Starts it; an error that says that an address is in use is the sign to try again.</param>
    public static async Task<T> StartAsync<T>(Func<T> make, Func<T, Task> start)
        where T : IAsyncDisposable
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = make();
            try
            {
                await start(server);
                return server;
            }
            catch (Exception e)
            {
                await server.DisposeAsync();
                if (attempt == Attempts || !SaysInUse(e.Message)) throw;
            }
        }
    }

    internal static bool SaysInUse(string message) =>
        message.Contains("eaddrinuse", StringComparison.OrdinalIgnoreCase) || message.Contains("address already in use", StringComparison.OrdinalIgnoreCase);

    // Where that range leaves nothing between the bounds, any port will do.
    private static bool IsOutgoing(int port) => (_outgoing.From > First || _outgoing.To < End - 1) && port >= _outgoing.From && port <= _outgoing.To;

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
    }

    private static FileStream? Claim(int port)
    {
        Directory.CreateDirectory(_claims);
        try
        {
            var file = Path.Combine(_claims, port.ToString(CultureInfo.InvariantCulture));
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            return null; // Another run's.
        }
    }

    private static (int From, int To) ReadOutgoing()
    {
        if (!File.Exists(OutgoingRange)) return (49_152, 65_535);
        var bounds = File.ReadAllText(OutgoingRange).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return (int.Parse(bounds[0], CultureInfo.InvariantCulture), int.Parse(bounds[1], CultureInfo.InvariantCulture));
    }
}
