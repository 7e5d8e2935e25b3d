using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Storage;
using Millrace.Contracts;
using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Evaluation;

/// <summary>
/// Reads <c>millrace.windows</c> and evaluates the rules. Whatever fails, the loop begins anew from the database: memory never runs ahead of it for longer than a batch.
/// </summary>
internal sealed class EvaluationWorker(
    IEventLog log,
    EvaluationStore store,
    RuleCatalog catalog,
    AlertingSignals signals,
    AlertingMetrics metrics,
    IOptions<AlertingOptions> options,
    TimeProvider time,
    ReadinessGate readiness,
    ILogger<EvaluationWorker> logger) : Worker(time, logger, readiness)
{
    /// <summary>The consumer group, whose position keeps the log from dropping what was not evaluated yet.</summary>
    public const string Group = "alerting";

    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ExpireInterval = TimeSpan.FromMinutes(1);

    private readonly Upstream _upstream = new(log);

    /// <inheritdoc/>
    public override string Name => "alerting.evaluation";

    /// <inheritdoc/>
    protected override bool ReadyOnStart => false;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var rules = await catalog.RefreshAsync(cancellationToken);
        var topic = await log.DescribeAsync(Topics.Windows, cancellationToken);
        var (epoch, partitions) = (topic.Epoch, topic.Partitions.Count);
        var evaluator = new Evaluator(options.Value, metrics, key => log.PartitionOf(key.Span, partitions));
        evaluator.SetRules(rules.Rules);
        var arrivals = new ConcurrentQueue<Action<Evaluator>>();
        var consumer = await log.OpenConsumerAsync(
            Topics.Windows,
            new LogConsumerOptions
            {
                Group = Group,
                StartAt = (assignment, token) => StartAtAsync(assignment, epoch, evaluator.PartitionOf, arrivals, token),
                OnRevoked = partition =>
                {
                    arrivals.Enqueue(taken => taken.Revoke(partition));
                    return ValueTask.CompletedTask;
                },
            },
            cancellationToken);
        await using (consumer)
        {
            MarkReady();
            await LoopAsync(new Loop(consumer, evaluator, epoch, arrivals, rules, Time), cancellationToken);
        }
    }

    private async ValueTask<long> StartAtAsync(
        PartitionAssignment assignment, string epoch, Func<Rule, int> partitionOf, ConcurrentQueue<Action<Evaluator>> arrivals,
        CancellationToken cancellationToken)
    {
        var saved = await store.TakeAsync(assignment, epoch, catalog.Current!.ById, partitionOf, cancellationToken);
        var nowMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        arrivals.Enqueue(evaluator => evaluator.Assign(saved, nowMs));
        Log.PartitionTaken(logger, assignment.Partition, saved.NextOffset, saved.Series.Count);
        return saved.NextOffset;
    }

    private async Task LoopAsync(Loop loop, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            using var batch = await loop.Consumer.ReadAsync(TickInterval, cancellationToken);
            if (loop.Refreshed.IsDue(RefreshInterval)) await catalog.RefreshAsync(cancellationToken);
            var taken = TakeChanges(loop);
            if (batch is not null)
            {
                foreach (var entry in batch.Entries) loop.Evaluator.Process(batch.Partition, entry);
                loop.Evaluator.Advance(batch.Partition, batch.NextOffset);
            }
            if (loop.Ticked.IsDue(TickInterval)) await TickAsync(loop, cancellationToken);
            if (loop.Expired.IsDue(ExpireInterval)) loop.Evaluator.Expire(Time.GetUtcNow().ToUnixTimeMilliseconds());
            // Under load the saves come once a second; a change of an alert is saved with its batch.
            if (taken || loop.Evaluator.Transitions.Count > 0 || loop.Saved.IsDue(SaveInterval)) await SaveAsync(loop, cancellationToken);
        }
    }

    /// <returns>Whether there is a new partition, whose position is then saved at once.</returns>
    private bool TakeChanges(Loop loop)
    {
        var taken = false;
        while (loop.Arrivals.TryDequeue(out var apply))
        {
            apply(loop.Evaluator);
            taken = true;
        }
        if (catalog.Current is not { } current || ReferenceEquals(current, loop.Rules)) return taken;
        loop.Rules = current;
        loop.Evaluator.SetRules(current.Rules);
        return taken;
    }

    private async Task TickAsync(Loop loop, CancellationToken cancellationToken)
    {
        var lag = TimeSpan.Zero;
        foreach (var partition in loop.Consumer.Assignment)
        {
            if (!loop.Evaluator.Has(partition)) continue;
            var logMs = loop.Consumer.CompleteThroughMs(partition);
            loop.Evaluator.MoveTo(partition, logMs);
            if (loop.Evaluator.AwaitsSilence(partition, logMs)
                && await _upstream.HasCaughtUpAsync(partition, loop.Evaluator.NewestEventMs(), logMs, cancellationToken))
                loop.Evaluator.Silence(partition, logMs);
            var age = loop.Consumer.GetLag(partition).Age;
            if (age > lag) lag = age;
        }
        metrics.Lag(lag);
    }

    private async Task SaveAsync(Loop loop, CancellationToken cancellationToken)
    {
        var changes = loop.Evaluator.TakeSeriesChanges();
        var moved = loop.Evaluator.Touched(changes);
        var transitions = loop.Evaluator.Transitions;
        if (transitions.Count == 0 && moved.Count == 0 && changes.IsEmpty) return;
        var notified = await store.SaveAsync(transitions, changes, moved, loop.Epoch, cancellationToken);
        foreach (var transition in transitions)
        {
            metrics.Changed(transition.To);
            Log.AlertChanged(
                logger, transition.Rule.Tenant, transition.Rule.Id, transition.Series.Id.Type, transition.Series.Id.Key, transition.From, transition.To, transition.Reason);
        }
        if (transitions.Count > 0) signals.Changes.Set();
        if (notified > 0) signals.Deliveries.Set();
        transitions.Clear();
        foreach (var partition in moved) await CommitAsync(loop.Consumer, partition, cancellationToken);
    }

    // It only keeps the log from dropping what was not read; the next one does as well. It is refused when the partition has just gone elsewhere.
    private async Task CommitAsync(ILogConsumer consumer, PartitionWatch partition, CancellationToken cancellationToken)
    {
        try
        {
            await consumer.CommitAsync(partition.Partition, partition.NextOffset, cancellationToken);
        }
        catch (EventLogException e) when (e.Retryable)
        {
            Log.CommitRefused(logger, partition.Partition, e);
        }
    }

    /// <summary>What one run of the loop works on.</summary>
    private sealed class Loop(
        ILogConsumer consumer, Evaluator evaluator, string epoch, ConcurrentQueue<Action<Evaluator>> arrivals, RuleSet rules, TimeProvider time)
    {
        public ILogConsumer Consumer { get; } = consumer;

        public Evaluator Evaluator { get; } = evaluator;

        public string Epoch { get; } = epoch;

        public ConcurrentQueue<Action<Evaluator>> Arrivals { get; } = arrivals;

        public RuleSet Rules { get; set; } = rules;

        public Cadence Ticked { get; } = new(time);

        public Cadence Saved { get; } = new(time);

        public Cadence Refreshed { get; } = new(time);

        public Cadence Expired { get; } = new(time);
    }
}
