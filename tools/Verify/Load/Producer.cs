using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Load;

/// <summary>
/// A client that must not lose anything: it sends a request again until it is answered, and writes down what the answer acknowledged. One request
/// at a time, each at its time; behind time it does not pause.
/// </summary>
internal sealed class Producer(ITarget target, Journal journal, RunClock clock, LoadPlan plan, LoadPace pace) : IDisposable
{
    private static readonly TimeSpan _answerLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);
    private static readonly MediaTypeHeaderValue _ndjson = new("application/x-ndjson");
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(3) }) { Timeout = _answerLimit };
    private readonly Dictionary<string, long> _times = new(StringComparer.Ordinal);
    private readonly Queue<string> _timesInOrder = new();
    private int _retries;

    /// <summary>Requests that were sent again.</summary>
    public int Retries => Volatile.Read(ref _retries);

    /// <summary>Sends until <paramref name="stop"/>; then finishes the request under way, until <paramref name="giveUp"/> at most.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken giveUp)
    {
        var started = Stopwatch.GetTimestamp();
        for (var sent = 0; !stop.IsCancellationRequested; sent++)
        {
            var early = (pace.Interval * sent) - Stopwatch.GetElapsedTime(started);
            if (early > TimeSpan.Zero) await Task.Delay(early, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return;
            await SendAsync(plan.Next(pace.BatchSize), giveUp);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task SendAsync(PlannedBatch batch, CancellationToken giveUp)
    {
        var tenant = target.Tenants[batch.Tenant];
        var now = clock.NowMs;
        var sent = new JournalEntry[batch.Events.Count];
        var lines = new string[batch.Events.Count];
        for (var i = 0; i < sent.Length; i++)
        {
            var planned = batch.Events[i];
            // A repetition happened when the first did.
            var time = planned.Kind == PlannedKind.Duplicate && _times.TryGetValue(planned.Id, out var first) ? first : now - planned.AgeMs;
            if (planned.Kind is PlannedKind.Good or PlannedKind.Late) Remember(planned.Id, time);
            sent[i] = new JournalEntry
            {
                Id = planned.Id,
                Tenant = tenant,
                Stream = target.StreamPrefix + planned.Stream,
                Type = planned.Type,
                TimeMs = time,
                Number = planned.Number,
                Amount = planned.Amount,
                SentMs = now,
                MustBeLate = planned.Kind == PlannedKind.Late,
            };
            lines[i] = EventLines.Line(planned, sent[i].Stream, time);
        }

        var body = EventLines.Body(lines, batch.Compressed);
        var pause = _pause;
        for (var attempts = 1; ; attempts++)
        {
            var rejected = await TrySendAsync(target.CredentialOf(tenant), body, batch.Compressed, giveUp);
            if (rejected is not null)
            {
                Settle(batch, sent, rejected, attempts);
                return;
            }

            journal.TallyOf(tenant).CountUnknown(
                batch.Events.Count(planned => planned.Kind != PlannedKind.Malformed), batch.Events.Count(planned => planned.Kind == PlannedKind.Malformed));
            if (giveUp.IsCancellationRequested)
            {
                for (var i = 0; i < sent.Length; i++)
                    if (batch.Events[i].Kind != PlannedKind.Malformed) Doubt(sent[i], attempts);
                return;
            }

            Interlocked.Increment(ref _retries);
            await Task.Delay(pause, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
        }
    }

    /// <returns>What was refused, by index; null when nobody knows whether anything was taken.</returns>
    private async Task<Dictionary<int, string>?> TrySendAsync(string credential, byte[] body, bool compressed, CancellationToken giveUp)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(target.Url, "/ingest")) { Content = new ByteArrayContent(body) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
            request.Content.Headers.ContentType = _ndjson;
            if (compressed) request.Content.Headers.ContentEncoding.Add("gzip");
            using var answer = await _http.SendAsync(request, giveUp);
            if (answer.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.BadRequest)) return null;
            var text = JsonNode.Parse(await answer.Content.ReadAsStringAsync(giveUp))!;
            if (answer.StatusCode == HttpStatusCode.BadRequest && (string?)text["code"] != "nothing_accepted") return null;
            return text["rejected"]!.AsArray().ToDictionary(item => (int)item!["index"]!, item => (string)item!["code"]!);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            return null; // Cut in the middle, or not answered in time: it may have been taken or not.
        }
    }

    private void Settle(PlannedBatch batch, JournalEntry[] sent, Dictionary<int, string> rejected, int attempts)
    {
        var tally = journal.TallyOf(sent[0].Tenant);
        for (var i = 0; i < sent.Length; i++)
        {
            var malformed = batch.Events[i].Kind == PlannedKind.Malformed;
            if (rejected.TryGetValue(i, out var code))
            {
                tally.CountRejected();
                if (malformed) continue;
                // A clock that is an hour behind takes the present for the future; an attempt before may have met another clock.
                if (attempts > 1) Doubt(sent[i], attempts);
                if (!clock.HasJumped || code is not ("time_in_future" or "time_too_old")) journal.Refuse(sent[i].Id, code);
                continue;
            }

            sent[i].Attempts = attempts;
            sent[i].AnsweredMs = clock.NowMs;
            sent[i].MayBeLate = sent[i].MustBeLate || clock.HasJumped || sent[i].AnsweredMs - sent[i].TimeMs >= RunClock.SurelyInTimeMs;
            sent[i].MustBeLate &= !clock.HasJumped;
            if (malformed) journal.Refuse(sent[i].Id, "malformed, and accepted");
            if (journal.Acknowledge(sent[i])) tally.CountAccepted();
            else tally.CountDuplicate();
        }
    }

    private void Doubt(JournalEntry entry, int attempts)
    {
        entry.Attempts = attempts;
        entry.AnsweredMs = clock.NowMs;
        entry.MayBeLate = true;
        entry.MustBeLate &= !clock.HasJumped;
        journal.Doubt(entry);
    }

    private void Remember(string id, long time)
    {
        _times[id] = time;
        _timesInOrder.Enqueue(id);
        if (_timesInOrder.Count > 20_000) _times.Remove(_timesInOrder.Dequeue());
    }
}

/// <summary>How fast one client sends.</summary>
/// <param name="Interval">From one request to the next.</param>
/// <param name="BatchSize">Events of a request.</param>
internal sealed record LoadPace(TimeSpan Interval, int BatchSize)
{
    private const int RequestsPerSecond = 5;

    /// <summary>The pace of each of some clients that send so many events a second together.</summary>
    public static LoadPace Of(int rate, int clients)
    {
        var each = (double)rate / clients;
        var size = Math.Clamp((int)Math.Round(each / RequestsPerSecond), 1, 1_000);
        return new LoadPace(TimeSpan.FromSeconds(size / each), size);
    }
}
