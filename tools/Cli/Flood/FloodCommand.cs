using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Cli.Flood;

/// <summary>Opens far more connections than there is room for.</summary>
internal sealed class FloodCommand(FloodSettings settings)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Socket> _held = [];
    private readonly byte[] _request = Encoding.ASCII.GetBytes($"GET /health/live HTTP/1.1\r\nHost: {settings.Url.Authority}\r\n\r\n");
    private long _slowest;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var addresses = await Dns.GetHostAddressesAsync(settings.Url.Host, cancellationToken);
        var target = new IPEndPoint(addresses[0], settings.Url.Port);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = settings.AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, settings.Connections, parallel, async (i, token) => Count(await TryAsync(target, i, token)));
        var elapsed = Stopwatch.GetElapsedTime(started);
        foreach (var socket in _held) socket.Dispose();

        Console.WriteLine($"{settings.Connections} connections in {elapsed.TotalSeconds:0.0} s, slowest answer {TimeSpan.FromTicks(_slowest).TotalSeconds:0.00} s");
        foreach (var (answer, count) in _answers.OrderByDescending(pair => pair.Value)) Console.WriteLine($"{count,10}  {answer}");
        var alive = await IsAliveAsync(cancellationToken);
        Console.WriteLine(alive ? "Millrace answers again." : "Millrace does not answer.");
        return alive && _answers.Keys.All(answer => answer is "200" or "503") ? 0 : 1;
    }

    private void Count(string answer) => _answers.AddOrUpdate(answer, 1, (_, count) => count + 1);

    private async Task<string> TryAsync(IPEndPoint target, int index, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var keep = false;
        try
        {
            // 127.0.0.2 to 127.0.0.201: each has its own ports.
            if (target.Address.Equals(IPAddress.Loopback)) socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (index % 200))]), 0));
            await socket.ConnectAsync(target, limit.Token);
            await socket.SendAsync(_request, limit.Token);
            var buffer = new byte[1024];
            var read = await socket.ReceiveAsync(buffer, limit.Token);
            if (read == 0) return "closed without an answer";
            var status = Encoding.ASCII.GetString(buffer, 9, Math.Min(3, read - 9));
            keep = status == "200";
            return status;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode.ToString();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds:0} s";
        }
        finally
        {
            if (keep) _held.Add(socket);
            else socket.Dispose();
            Slowest(Stopwatch.GetElapsedTime(started).Ticks);
        }
    }

    private void Slowest(long ticks)
    {
        for (var known = Volatile.Read(ref _slowest); ticks > known; known = Volatile.Read(ref _slowest))
        {
            if (Interlocked.CompareExchange(ref _slowest, ticks, known) == known) return;
        }
    }

    private async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = settings.Url, Timeout = Patience };
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var attempts = 50; attempts > 0; attempts--)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri("/health/live", UriKind.Relative), cancellationToken);
                if (answer.IsSuccessStatusCode) return true;
            }
            catch (HttpRequestException)
            {
                // Not yet: the server has not noticed yet that the others are gone.
            }

            await again.WaitForNextTickAsync(cancellationToken);
        }

        return false;
    }
}
