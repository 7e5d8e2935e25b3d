using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Progress;
using Millrace.Contracts;
using Millrace.Hosting.Health;
using Millrace.Hosting.Rules;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Pipeline;

/// <summary>
/// Reads the events, drops the repeated ones and feeds the sinks, each at its own pace. When the buffer of a slow sink is full it stops reading; a sink that
/// fails is left behind, and fetched when it works again.
/// </summary>
internal sealed class ArchiverWorker : Worker
{
    /// <summary>The consumer group.</summary>
    public const string Group = "archiver";

    private static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(5);
    private readonly IEventLog _log;
    private readonly IReadOnlyList<ISink> _sinks;
    private readonly SchemaWorker _schema;
    private readonly LaneServices _services;
    private readonly RulesFollower _rules;
    private readonly ILogger<ArchiverWorker> _logger;
    private readonly Meter _meter = new("Millrace.Archiver");
    private volatile Run? _run;

    public ArchiverWorker(
        IEventLog log,
        IEnumerable<ISink> sinks,
        SchemaWorker schema,
        ProgressStore progress,
        SinkStatus status,
        RulesFollower rules,
        ReadinessGate readiness,
        TimeProvider time,
        ILogger<ArchiverWorker> logger,
        IArchiverProbe? probe = null)
        : base(time, logger, readiness)
    {
        _log = log;
        _sinks = [.. sinks];
        _schema = schema;
        _services = new LaneServices(progress, status, time, logger, probe);
        _rules = rules;
        _logger = logger;
        ArchiverMetrics.Observe(() => _run?.Lag(Time) ?? [], () => _run?.Buffered() ?? [], _meter);
    }

    /// <inheritdoc/>
    public override string Name => "archiver";

    /// <inheritdoc/>
    protected override bool IsBulk => true;

    /// <inheritdoc/>
    protected override bool ReadyOnStart => false;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await _services.Progress.MigrateAsync(cancellationToken);
        _ = MarkReadyAsync(cancellationToken);
        while (true)
        {
            await RunOnceAsync(cancellationToken);
            Log.ReadingResumes(_logger);
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var rules = await _rules.GetAsync(cancellationToken);
        var topic = await _log.DescribeAsync(Topics.Events, cancellationToken);
        await using var run = new Run(_sinks, _services);
        var opener = new PartitionOpener(_log, _services, run.Pools, rules, Topics.Events, topic.Epoch);
        await using var consumer = await _log.OpenConsumerAsync(
            Topics.Events,
            new LogConsumerOptions
            {
                Group = Group,
                StartAt = async (assignment, token) =>
                {
                    using var turn = await run.EnterAsync(token);
                    var (reader, from) = await opener.OpenAsync(assignment, token);
                    await run.AddAsync(reader);
                    return from;
                },
                OnRevoked = async partition =>
                {
                    using var turn = await run.EnterAsync(CancellationToken.None);
                    await run.RevokeAsync(partition);
                },
            },
            cancellationToken);
        run.Consumer = consumer;
        _run = run;
        var failed = true;
        try
        {
            await ReadAsync(run, rules, consumer, cancellationToken);
            failed = false;
        }
        finally
        {
            _run = null;
            // A stop, not a failure: what is being written may well succeed, and then the next start has nothing to redo.
            if (!failed || cancellationToken.IsCancellationRequested) await run.SettleAsync(SettleTime);
        }
    }

    private async Task MarkReadyAsync(CancellationToken cancellationToken)
    {
        await _rules.GetAsync(cancellationToken);
        await _schema.ReadyAsync(cancellationToken);
        MarkReady();
    }

    /// <summary>Reads until a sink that was left behind must be fetched, or other rules hold.</summary>
    private async Task ReadAsync(Run run, EventRules rules, ILogConsumer consumer, CancellationToken cancellationToken)
    {
        var committed = Time.GetTimestamp();
        var wait = TimeSpan.Zero;
        for (var reopen = false; !reopen;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var batch = await consumer.ReadAsync(wait, cancellationToken))
            using (var turn = await run.EnterAsync(cancellationToken))
            {
                if (batch is not null && run.ReaderOf(batch.Partition) is { } reader) await TakeAsync(run, turn, reader, batch, cancellationToken);
                await run.DropLostAsync();
                run.CloseDue(Time);
                wait = run.WaitTime(Time, BusyWait, LongestWait);
                reopen = run.MustReopen || !_rules.Hold(rules);
            }

            if (Time.GetElapsedTime(committed) < CommitInterval) continue;
            committed = Time.GetTimestamp();
            await run.CommitAsync(cancellationToken);
        }
    }

    private async Task TakeAsync(Run run, Turn turn, PartitionReader reader, LogBatch batch, CancellationToken cancellationToken)
    {
        var at = 0;
        var since = Time.GetTimestamp();
        var before = run.Standing();
        while (run.ReaderOf(batch.Partition) == reader && !TakeSome(reader, batch, ref at, Time.GetTimestamp()))
        {
            ArchiverMetrics.Waited();
            await turn.YieldAsync(() => run.WaitForProgressAsync(BusyWait, cancellationToken));
            await run.DropLostAsync();
            run.CloseDue(Time);
            run.DetachStuck(Time.GetElapsedTime(since), before);
        }
    }

    // Synchronous, because entries and events are read in place.
    private static bool TakeSome(PartitionReader reader, LogBatch batch, ref int at, long now)
    {
        for (var entries = batch.Entries; at < entries.Length; at++)
        {
            if (!reader.TryTake(entries[at], now)) return false;
        }

        return true;
    }
}
