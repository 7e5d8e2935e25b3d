using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Millrace.Cli.Load;

/// <summary>Open-loop load: requests are due at fixed times, and a latency counts from the time at which its request was due.</summary>
internal sealed class LoadCommand(LoadSettings settings)
{
    private readonly LoadReport _report = new();
    private long _next;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = settings.Connections }) { Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", settings.Key);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, settings.Connections).Select(seed => SendAsync(client, seed, started, cancellationToken)));
        _report.Print(Console.Out, Stopwatch.GetElapsedTime(started));
        return _report.AllAccepted ? 0 : 1;
    }

    private async Task SendAsync(HttpClient client, int seed, long started, CancellationToken cancellationToken)
    {
        var source = new LoadEvents(settings, seed);
        var target = new Uri(settings.Url, "/ingest");
        while (!cancellationToken.IsCancellationRequested)
        {
            var due = settings.Rate == 0
                ? Stopwatch.GetElapsedTime(started)
                : TimeSpan.FromSeconds((Interlocked.Increment(ref _next) - 1) * (double)settings.Batch / settings.Rate);
            if (due.TotalSeconds >= settings.Seconds) return;
            var early = due - Stopwatch.GetElapsedTime(started);
            if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early, cancellationToken);

            using var content = new ByteArrayContent(source.Next(settings.Batch));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            try
            {
                using var response = await client.PostAsync(target, content, cancellationToken);
                var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                _report.Add((int)response.StatusCode, settings.Batch, Accepted(body), Stopwatch.GetElapsedTime(started) - due);
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                _report.Fail(settings.Batch, error.Message);
            }
        }
    }

    private static int Accepted(byte[] body)
    {
        try
        {
            using var answer = JsonDocument.Parse(body);
            return answer.RootElement.TryGetProperty("accepted", out var accepted) ? accepted.GetInt32() : 0;
        }
        catch (JsonException)
        {
            return 0; // Not Millrace's answer; the status says the rest.
        }
    }
}
