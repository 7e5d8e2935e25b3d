using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Millrace.Hosting.Faults;
using Millrace.Installations;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>
/// Asks for the work on whose way some fault points lie. What it asks for must change nothing that is compared: malformed events are refused again, and rollups
/// that are made anew come out as they were.
/// </summary>
internal sealed class PointWork(IOwnTarget target, string point) : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    // What was accepted is done once: asked for every second, replays would queue up behind each other far beyond the fault.
    private static readonly TimeSpan _pauseAccepted = TimeSpan.FromSeconds(30);

    // Path, and a body in which FROM and TO are yesterday and the day after tomorrow, and STREAM one of the tenant's: a replay reads each of its objects.
    private static readonly Dictionary<string, (string Path, string Body)> _requests = new(StringComparer.Ordinal)
    {
        [FaultPointNames.IngestRedriveTaken] = ("/api/v1/dead-letters/redrives", """{"all":true}"""),
        [FaultPointNames.ArchiverReplayCopied] = ("/api/v1/replays", """{"target":"rollups","stream":"STREAM","from":"FROM","to":"TO"}"""),
        [FaultPointNames.ArchiverReplayApplied] = ("/api/v1/replays", """{"target":"rollups","stream":"STREAM","from":"FROM","to":"TO"}"""),
    };

    private readonly HttpClient _http = new() { BaseAddress = target.Url, Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Whether somebody must ask for it.</summary>
    public static bool IsAskedFor(string point) => _requests.ContainsKey(point);

    /// <summary>Why a point is never reached here; null when it is.</summary>
    public static string? WhyNever(string point) =>
        point == FaultPointNames.IngestRedrivePublished ? "malformed events are refused again, so nothing is published; the tests of ingest have this point" : null;

    /// <summary>Asks again and again until a condition holds.</summary>
    /// <returns>Whether it came true in time.</returns>
    public async Task<bool> UntilAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = AskAsync(asking.Token);
        var came = await FaultContext.TryUntilAsync(condition, limit, cancellationToken);
        await asking.CancelAsync();
        await asked;
        return came;
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        if (!_requests.TryGetValue(point, out var ask)) return;
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var accepted = false;
            try
            {
                accepted = await AskAsync(target.Tenants[i % target.Tenants.Count], ask.Path, ask.Body, cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // It has died, as it should.
            }

            await Task.Delay(accepted ? _pauseAccepted : _pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <returns>Whether it will be done.</returns>
    private async Task<bool> AskAsync(string tenant, string path, string body, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Valid(tenant, "admin read write ingest"));
        request.Content = new StringContent(
            body.Replace("STREAM", target.StreamPrefix + "0", StringComparison.Ordinal).Replace("FROM", Day(now.AddDays(-1)), StringComparison.Ordinal).Replace("TO", Day(now.AddDays(2)), StringComparison.Ordinal), Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request, cancellationToken);
        // Too much at once is refused, and asked for again; anything else is a mistake of the checker.
        if ((int)answer.StatusCode is >= 400 and < 500 and not 409 and not 429)
            throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        return answer.IsSuccessStatusCode;
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.Date.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
