using System.Diagnostics;
using System.Net.Http.Headers;
using Millrace.Hosting.Workers;

namespace Millrace.Standalone.Demo;

/// <summary>Sends the simulated shop's events through <c>POST /ingest</c>, as any producer would, ten times a second.</summary>
internal sealed class DemoFeed(DemoTarget target, IHttpClientFactory clients, TimeProvider time, ILogger<DemoFeed> logger) : Worker(time, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly DemoShop _shop = new(seed: 20_260_101);

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var (url, key) = await target.WaitAsync(cancellationToken);
        using var client = clients.CreateClient();
        client.BaseAddress = url;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        await DemoRules.EnsureAsync(client, cancellationToken);
        Log.DemoStarted(logger, url);

        using var timer = new PeriodicTimer(Interval, Time);
        using var body = new MemoryStream();
        var started = Stopwatch.GetTimestamp();
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            body.SetLength(0);
            if (_shop.Step(body, Time.GetUtcNow(), Interval, Stopwatch.GetElapsedTime(started)) == 0) continue;
            using var content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            using var answer = await client.PostAsync(new Uri("/ingest", UriKind.Relative), content, cancellationToken);
            if (!answer.IsSuccessStatusCode) Log.DemoRefused(logger, (int)answer.StatusCode);
        }
    }
}
