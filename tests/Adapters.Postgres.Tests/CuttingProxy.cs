using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Adapters.Postgres.Tests;

/// <summary>Stands before the server and cuts a connection at its COMMIT: before the server has it, or before its answer comes back.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private static readonly byte[] Commit = Encoding.ASCII.GetBytes("COMMIT");
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _serverPort;
    private readonly Task _accepting;
    private int _cut;

    public CuttingProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>The next COMMIT does not reach the server.</summary>
    public void CutBeforeNextCommit() => _cut = 1;

    /// <summary>The next COMMIT reaches the server; its answer does not come back.</summary>
    public void CutAfterNextCommit() => _cut = 2;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            await server.ConnectAsync(IPAddress.Loopback, _serverPort, _stop.Token);
            var answers = server.GetStream().CopyToAsync(client.GetStream(), _stop.Token);
            await Task.WhenAny(QuestionsAsync(client.GetStream(), server), answers);
        }
    }

    private async Task QuestionsAsync(NetworkStream client, TcpClient server)
    {
        var buffer = new byte[64 * 1024];
        while (await client.ReadAsync(buffer, _stop.Token) is > 0 and var count)
        {
            var chunk = buffer.AsMemory(0, count);
            var cut = chunk.Span.IndexOf(Commit) >= 0 ? Interlocked.Exchange(ref _cut, 0) : 0;
            if (cut == 0)
            {
                await server.GetStream().WriteAsync(chunk, _stop.Token);
                continue;
            }

            Cuts++;
            if (cut == 2)
            {
                // Half closed, the server takes the COMMIT, finds the end of the stream behind it and closes; the client is gone before that.
                client.Socket.Close(0);
                await server.GetStream().WriteAsync(chunk, _stop.Token);
                server.Client.Shutdown(SocketShutdown.Send);
                while (await server.GetStream().ReadAsync(buffer, _stop.Token) > 0)
                    continue;
            }

            return;
        }
    }
}
