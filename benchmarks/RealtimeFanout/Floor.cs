using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.RealtimeFanout;

/// <summary>What cannot be undercut: one synchronous send of a frame that was made before, for each delivery, and nothing else.</summary>
internal static class Floor
{
    public static async Task RunAsync(Arguments options)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, options.Port));
        listener.Listen(4096);
        Console.WriteLine($"pid {Environment.ProcessId}, port {options.Port}");
        var sockets = new List<Socket>();
        _ = Task.Run(() => AcceptAsync(listener, sockets));
        var payload = Encoding.ASCII.GetBytes("{\"push\":" + new string('x', 362 - 8));
        byte[] frame = [0x81, 126, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / options.Rate));
        while (await timer.WaitForNextTickAsync())
        {
            lock (sockets)
            {
                foreach (var socket in sockets) socket.Send(frame, SocketFlags.None, out _);
            }
        }
    }

    private static async Task AcceptAsync(Socket listener, List<Socket> sockets)
    {
        var buffer = new byte[4096];
        while (true)
        {
            var socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            await socket.ReceiveAsync(buffer);
            await socket.SendAsync("HTTP/1.1 101 Switching Protocols\r\n\r\n"u8.ToArray());
            await socket.ReceiveAsync(buffer);
            await socket.SendAsync("\"subscribe\""u8.ToArray());
            socket.Blocking = false;
            lock (sockets) sockets.Add(socket);
        }
    }
}
