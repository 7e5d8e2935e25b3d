using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Millrace.Benchmarks.Overload;

/// <summary>Sends the same batch as one tenant, again and again; ids are given by Millrace, so each is new.</summary>
internal sealed class Sender(Uri url, string tenant, int batch) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 4096, UseProxy = false, UseCookies = false })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };

    private readonly Uri _target = new(url, "/ingest?stream=load");
    private readonly AuthenticationHeaderValue _credential = new("Bearer", Installation.Token(tenant));
    private readonly byte[] _body = Body(batch);

    /// <summary>The tenant's token.</summary>
    public string Token => _credential.Parameter!;

    /// <summary>Sends at a fixed rate for a time, each request when it is due, however many are still unanswered, up to a limit of connections.</summary>
    public async Task AtRateAsync(double requestsPerSecond, TimeSpan duration, int connections, Tally tally, double phase = 0)
    {
        var started = Stopwatch.GetTimestamp();
        var next = -1L;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var due = TimeSpan.FromSeconds((Interlocked.Increment(ref next) + phase) / requestsPerSecond);
                if (due >= duration) return;
                var early = due - Stopwatch.GetElapsedTime(started);
                if (early > TimeSpan.Zero) await Task.Delay(early);
                // A sender that is late itself is no delay of Millrace's.
                await SendAsync(tally);
            }
        })));
    }

    /// <summary>Sends as fast as it is answered.</summary>
    public async Task AtFullSpeedAsync(TimeSpan duration, int connections, Tally tally)
    {
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration) await SendAsync(tally);
        })));
    }

    public void Dispose() => _http.Dispose();

    private async Task SendAsync(Tally tally)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _target) { Content = new ByteArrayContent(_body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        request.Headers.Authorization = _credential;
        var sent = Stopwatch.GetTimestamp();
        try
        {
            using var response = await _http.SendAsync(request);
            tally.Add((int)response.StatusCode, batch, Stopwatch.GetElapsedTime(sent), response.Headers.RetryAfter?.Delta);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            tally.Fail(e.GetType().Name);
        }
    }

    private static byte[] Body(int events)
    {
        var text = new StringBuilder();
        for (var i = 0; i < events; i++)
            text.Append("{\"type\":\"purchase\",\"source\":\"s").Append(i % 50).Append("\",\"dims\":{\"country\":\"DE\",\"device\":\"mobile\"},\"values\":{\"amount\":")
                .Append((i % 97) + 0.5).Append("}}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
