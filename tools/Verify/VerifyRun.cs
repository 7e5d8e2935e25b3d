using System.Diagnostics;
using Millrace.Servers;
using Millrace.Verify.Check;
using Millrace.Verify.Faults;
using Millrace.Verify.Load;
using Millrace.Verify.Observe;
using Millrace.Verify.Report;
using Millrace.Verify.Targets;

namespace Millrace.Verify;

/// <summary>One run: load, faults, rest, comparison.</summary>
/// <param name="target">The installation, which runs.</param>
/// <param name="settings">What was asked for.</param>
/// <param name="seed">What load and faults follow from.</param>
/// <param name="say">Tells the person who watches.</param>
internal sealed class VerifyRun(ITarget target, VerifySettings settings, int seed, Action<string> say)
{
    private static readonly TimeSpan _lastAnswers = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _settleLimit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan _firstLook = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _firstSnapshots = TimeSpan.FromSeconds(60);
    private readonly Journal _journal = new();
    private readonly RunClock _clock = new(TimeProvider.System);
    private readonly RunReport _report = new() { Seed = seed, Target = target.Name };

    private IEnumerable<string> Streams => LoadPlan.StreamNames(target.StreamPrefix);

    /// <summary>What is known so far.</summary>
    public RunReport Report => _report;

    /// <summary>Runs it.</summary>
    public async Task<RunReport> RunAsync(CancellationToken cancellationToken)
    {
        var schedule = new FaultSchedule(settings, seed, new FaultContext(target, _journal, _clock, new Random(seed), say), _report);
        await schedule.PrepareAsync(cancellationToken);
        await using var webhooks = await AlertAsync(cancellationToken);
        var before = await new Rest(target, _firstLook, say).LedgersAsync(cancellationToken);
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (events, windows) = (Listeners((tenant, stream) => new EventListener(target, tenant, stream)), Listeners((tenant, stream) => new WindowListener(target, tenant, stream)));
        SocketListener[] listeners = [.. events, .. windows];
        var heard = Task.WhenAll(listeners.Select(listener => listener.RunAsync(listening.Token)));
        await ListenAsync(listeners, cancellationToken);

        await LoadAsync(schedule, cancellationToken);
        say("load has ended; waiting until everything is at rest");
        var ledgers = await new Rest(target, _settleLimit, say).SettleAsync(cancellationToken);
        say("at rest; comparing");
        var observed = new Observation(target, _journal, _clock, events, windows, webhooks, say);
        await observed.CompareAsync(_report, before, ledgers, cancellationToken);
        foreach (var refusal in _journal.Refusals) _report.Differences.Add(new Difference("ingest", "altered", "", "", [refusal.Split(':')[0]], refusal));

        await listening.CancelAsync();
        await heard;
        _report.Connections = listeners.Sum(listener => (long)listener.Connections);
        _report.Sampled = events.Count(listener => listener.Gaps > 0);
        _report.Resets = listeners.Sum(listener => (long)listener.Resets);
        return _report;
    }

    private List<T> Listeners<T>(Func<string, string, T> create) => [.. target.Tenants.SelectMany(tenant => Streams.Select(stream => create(tenant, stream)))];

    /// <summary>Nothing is sent before every listener listens: what came before, a listener need not have seen.</summary>
    private static async Task ListenAsync(SocketListener[] listeners, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(listeners.Select(listener => listener.Listening)).WaitAsync(_firstSnapshots, cancellationToken);
        }
        catch (TimeoutException)
        {
            var silent = listeners.Count(listener => !listener.Listening.IsCompleted);
            throw new TimeoutException($"{silent} of {listeners.Length} listeners on /ws got no snapshot within {_firstSnapshots.TotalSeconds:0} s");
        }
    }

    private async Task<WebhookReceiver?> AlertAsync(CancellationToken cancellationToken)
    {
        if (target is not IOwnTarget own || settings.Faults.Count + settings.Kills == 0) return null;
        var webhooks = await WebhookReceiver.StartAsync(cancellationToken);
        using var rules = new AlertRule(own, settings.Rate);
        await rules.CreateAsync(webhooks.Url, cancellationToken);
        return webhooks;
    }

    private async Task LoadAsync(FaultSchedule schedule, CancellationToken cancellationToken)
    {
        var pace = LoadPace.Of(settings.Rate, settings.Clients);
        var producers = Enumerable.Range(0, settings.Clients).Select(client => new Producer(target, _journal, _clock, new LoadPlan(seed, client, target.Tenants.Count), pace)).ToList();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var sending = Task.WhenAll(producers.Select(producer => Task.Run(() => producer.RunAsync(stop.Token, giveUp.Token), CancellationToken.None)));
        try
        {
            await schedule.RunAsync(cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            giveUp.CancelAfter(_lastAnswers);
            await sending;
            producers.ForEach(producer => producer.Dispose());
        }

        _report.Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        _report.Retries = producers.Sum(producer => producer.Retries);
        _report.Acknowledged = _journal.Acknowledged;
        _report.Maybe = _journal.Entries.Values.Count(entry => entry.Fate == Fate.Maybe);
        foreach (var tally in target.Tenants.Select(_journal.TallyOf))
        {
            _report.Duplicates += tally.Duplicates;
            _report.Rejected += tally.Rejected;
        }
    }
}
