using System.Diagnostics;
using System.Text.Json.Nodes;
using Millrace.Installations;
using Millrace.Servers;
using Millrace.Verify.Check;
using Millrace.Verify.Load;
using Millrace.Verify.Report;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Observe;

/// <summary>Looks into every place where an event must be, and compares.</summary>
internal sealed class Observation(
    ITarget target, Journal journal, RunClock clock, IReadOnlyList<EventListener> events, IReadOnlyList<WindowListener> windows, WebhookReceiver? webhooks, Action<string> say)
{
    private static readonly (string Table, TimeSpan Size)[] _rollups =
        [("rollup_1m", TimeSpan.FromMinutes(1)), ("rollup_1h", TimeSpan.FromHours(1)), ("rollup_1d", TimeSpan.FromDays(1))];

    // Less than the hour of Millrace:Gateway:Windows, by the time that looking takes.
    private static readonly TimeSpan _kept = TimeSpan.FromMinutes(50);

    // Windows that end so much later may come onto the log before others: a window waits ten seconds for its last event.
    private const long OutOfOrderMs = 30_000;
    private static readonly TimeSpan _windowsLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _socketsLimit = TimeSpan.FromSeconds(60);

    // An attempt whose outcome nobody knows is made again after a lease of a minute.
    private static readonly TimeSpan _alertsLimit = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(500);
    private readonly Dictionary<string, (long Compared, int Differences)> _checks = new(StringComparer.Ordinal);
    private string _place = "";

    // All windows and sockets share these: where nothing more comes, it comes for none of them.
    private long _windowsSince;
    private long _socketsSince;
    private long _alertsSince;

    /// <summary>Compares everything and writes down what differs.</summary>
    /// <exception cref="TimeoutException">A place does not answer.</exception>
    public async Task CompareAsync(RunReport report, Dictionary<string, Ledger> before, Dictionary<string, Ledger> after, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_limit);
        try
        {
            await CompareAllAsync(report, before, after, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{_place} could not be read{(limit.IsCancellationRequested ? $" within {_limit.TotalMinutes:0} min" : "")}", e);
        }
        finally
        {
            report.Checks.AddRange(_checks.Select(check => new CheckRecord(check.Key, check.Value.Compared, check.Value.Differences)));
        }
    }

    private async Task CompareAllAsync(RunReport report, Dictionary<string, Ledger> before, Dictionary<string, Ledger> after, CancellationToken cancellationToken)
    {
        foreach (var tenant in target.Tenants)
        {
            using var inspector = new Inspector(target, tenant);
            var found = new Dictionary<string, List<JournalEntry>>(StringComparer.Ordinal);
            foreach (var stream in LoadPlan.StreamNames(target.StreamPrefix))
                found[stream] = await CompareArchiveAsync(report, inspector, (tenant, stream), cancellationToken);
            var landed = found.Values.Sum(entries => entries.Count(entry => entry.Fate == Fate.Maybe));
            report.MaybeLanded += landed;
            var late = found.Values.Sum(entries => entries.Count(entry => entry.WasLate));
            Note(report, "ledger", 1, LedgerCheck.Compare(journal.TallyOf(tenant), landed, late, before[tenant], after[tenant]));

            // Windows become final, and reach sockets, a little after their events are counted.
            var aggregated = after[tenant].Aggregated - before[tenant].Aggregated;
            var final = await FinalWindowsAsync(inspector, tenant, aggregated, cancellationToken);
            foreach (var (stream, entries) in found)
            {
                Note(report, "windows", final[stream].Count, WindowCheck.Compare((tenant, stream), entries, final[stream]));
                await CompareSocketsAsync(report, (tenant, stream), entries, final[stream], cancellationToken);
            }

            if (webhooks is not null) await CompareAlertsAsync(report, webhooks, inspector, (tenant, AlertRule.ToldOf(target)), cancellationToken);
        }
    }

    /// <summary>
    /// The API keeps a window for an hour of its clock, so none from before a jump by an hour, and no longer than the log: those before are taken as a listener saw them last.
    /// A log that is cut off loses its oldest records, so that from the first window on that the API has it must have them all.
    /// </summary>
    private void AddForgotten(List<FoundWindow> final, WindowListener listener)
    {
        var since = clock.HasJumped ? long.MaxValue
            : target.KeepsLog ? clock.NowMs - (long)_kept.TotalMilliseconds
            : final.Select(window => window.Key.StartMs).DefaultIfEmpty(long.MinValue).Min() + OutOfOrderMs;
        var known = final.Select(window => window.Key).ToHashSet();
        final.AddRange(listener.Windows.Values.Where(window => window.Final && window.Key.EndMs < since && !known.Contains(window.Key)));
    }

    /// <returns>The events that are in the archive, whether acknowledged or not.</returns>
    private async Task<List<JournalEntry>> CompareArchiveAsync(RunReport report, Inspector inspector, (string Tenant, string Stream) of, CancellationToken cancellationToken)
    {
        var sent = journal.Entries.Values.Where(entry => entry.Tenant == of.Tenant && entry.Stream == of.Stream).ToList();
        _place = $"clickhouse of {of.Tenant}/{of.Stream}";
        var rows = await inspector.RowsAsync(of.Stream, cancellationToken);
        Note(report, "clickhouse", rows.Count, EventCheck.Compare("clickhouse", of, sent, rows));
        var there = rows.Select(row => row.Id).ToHashSet(StringComparer.Ordinal);
        var taken = sent.Where(entry => entry.Fate == Fate.Acknowledged || there.Contains(entry.Id)).ToList();

        _place = $"objects of {of.Tenant}/{of.Stream}";
        List<FoundEvent>? objects = null;
        if (target.ObjectLines(of.Tenant, of.Stream) is { } lines)
        {
            objects = [];
            await foreach (var line in lines.WithCancellation(cancellationToken)) objects.Add(FoundEvent.Of(JsonNode.Parse(line)!));
            Note(report, "objects", objects.Count, EventCheck.Compare("objects", of, sent, objects));
        }

        Note(report, "late", taken.Count, LateCheck.Compare(of, taken, rows, objects));
        foreach (var (table, size) in _rollups)
        {
            _place = $"{table} of {of.Tenant}/{of.Stream}";
            try
            {
                var buckets = await inspector.RollupAsync(table, of.Stream, cancellationToken);
                Note(report, table, buckets.Count, RollupCheck.Compare(table, size, of, taken, buckets));
            }
            catch (HttpRequestException error)
            {
                // What can't be read is as good as lost, and no reason not to look at the rest.
                Note(report, table, 0, [new Difference(table, "unreadable", of.Tenant, of.Stream, [], error.Message)]);
            }
        }

        return taken;
    }

    private async Task<Dictionary<string, List<FoundWindow>>> FinalWindowsAsync(Inspector inspector, string tenant, long aggregated, CancellationToken cancellationToken)
    {
        _place = $"windows of {tenant}";
        if (_windowsSince == 0) _windowsSince = Stopwatch.GetTimestamp();
        var final = new Dictionary<string, List<FoundWindow>>(StringComparer.Ordinal);
        var counted = 0L;
        var all = await IsSoonAsync(
            async () =>
            {
                foreach (var stream in LoadPlan.StreamNames(target.StreamPrefix))
                {
                    final[stream] = await inspector.WindowsAsync(stream, cancellationToken);
                    // Those that the API no longer has are added here already: without them the sum is never reached.
                    AddForgotten(final[stream], windows.Single(listener => listener.Tenant == tenant && listener.Stream == stream));
                }

                counted = final.Values.Sum(list => list.Sum(window => window.Count));
                return counted >= aggregated;
            },
            _windowsSince,
            _windowsLimit,
            cancellationToken);
        if (!all) say($"given up after {_windowsLimit.TotalSeconds:0} s: the final windows of {tenant} hold {counted} of {aggregated} events");
        return final;
    }

    private async Task CompareSocketsAsync(
        RunReport report, (string Tenant, string Stream) of, List<JournalEntry> taken, List<FoundWindow> final, CancellationToken cancellationToken)
    {
        _place = $"sockets of {of.Tenant}/{of.Stream}";
        if (_socketsSince == 0) _socketsSince = Stopwatch.GetTimestamp();
        var listener = windows.Single(listener => listener.Tenant == of.Tenant && listener.Stream == of.Stream);
        var feed = events.Single(listener => listener.Tenant == of.Tenant && listener.Stream == of.Stream);
        List<Difference> differences = [];
        await IsSoonAsync(
            () =>
            {
                differences = [.. SocketCheck.Windows(listener, final), .. SocketCheck.Events(feed, taken)];
                return Task.FromResult(differences.Count == 0);
            },
            _socketsSince,
            _socketsLimit,
            cancellationToken);
        Note(report, "socket:windows", listener.Windows.Count, differences.Where(difference => difference.Place == "socket:windows"));
        Note(report, "socket:events", feed.Different, differences.Where(difference => difference.Place == "socket:events"));
    }

    private async Task CompareAlertsAsync(RunReport report, WebhookReceiver receiver, Inspector inspector, (string Tenant, string Stream) of, CancellationToken cancellationToken)
    {
        _place = $"alerts of {of.Tenant}/{of.Stream}";
        if (_alertsSince == 0) _alertsSince = Stopwatch.GetTimestamp();
        List<Difference> differences = [];
        var alerts = 0;
        await IsSoonAsync(
            async () =>
            {
                var found = await inspector.AlertsAsync(of.Stream, cancellationToken);
                alerts = found.Count;
                differences = [.. AlertCheck.Compare(of, found, Told(receiver))];
                return differences.Count == 0;
            },
            _alertsSince,
            _alertsLimit,
            cancellationToken);
        Note(report, "notifications", alerts, differences);
    }

    /// <summary>Ids of the notifications of each alert and status; all attempts of one have the same.</summary>
    private static Func<string, string, IReadOnlyCollection<string>> Told(WebhookReceiver receiver)
    {
        var told = receiver.Requests
            .SelectMany(request => request.Json["alerts"]!.AsArray().Select(alert => (Alert: (string)alert!["id"]!, request.Status, request.Id)))
            .Distinct().ToLookup(one => (one.Alert, one.Status), one => one.Id);
        return (alert, status) => [.. told[(alert, status)]];
    }

    /// <returns>Whether it came true within the limit; it is looked at once at least.</returns>
    private static async Task<bool> IsSoonAsync(Func<Task<bool>> isTrue, long since, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (!await isTrue())
        {
            if (Stopwatch.GetElapsedTime(since) > limit) return false;
            await Task.Delay(_look, cancellationToken);
        }

        return true;
    }

    private void Note(RunReport report, string place, long compared, IEnumerable<Difference> differences)
    {
        var known = report.Differences.Count;
        report.Differences.AddRange(differences);
        var sum = _checks.GetValueOrDefault(place);
        _checks[place] = (sum.Compared + compared, sum.Differences + report.Differences.Count - known);
    }
}
