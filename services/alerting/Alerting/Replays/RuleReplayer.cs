using Microsoft.Extensions.Options;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Storage;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Replays;

/// <summary>
/// Evaluates a rule on windows that are on the log already, with the evaluator of the service and beside it: nothing is stored, nobody is notified.
/// </summary>
internal sealed class RuleReplayer(IEventLog log, AlertingMetrics metrics, IOptions<AlertingOptions> options)
{
    /// <summary>Changes of alerts that one answer holds.</summary>
    public const int MaxChanges = 10_000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // A window is final seconds after its end, and hours after when the aggregator was away; who was away for longer has other worries.
    private static readonly TimeSpan _latestWindow = TimeSpan.FromDays(1);

    /// <summary>What came of it.</summary>
    /// <param name="Changes">Changes of alerts, oldest first.</param>
    /// <param name="Windows">Final windows of the range that were on the log.</param>
    /// <param name="LogFromMs">Log time of the oldest window that the log still has, where the range begins before it.</param>
    /// <param name="Truncated">Whether there were more changes than an answer holds.</param>
    internal sealed record Result(IReadOnlyList<AlertTransition> Changes, long Windows, long? LogFromMs, bool Truncated);

    /// <summary>Evaluates it.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="fromMs">Windows that start at or after.</param>
    /// <param name="toMs">Windows that end at or before.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<Result> RunAsync(Rule rule, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        var topic = await log.DescribeAsync(Topics.Windows, cancellationToken);
        var key = PartitionKey.Create(rule.Tenant, rule.Stream);
        var partition = log.PartitionOf(key, topic.Partitions.Count);
        var bounds = topic.Partitions.Single(p => p.Partition == partition);
        var start = Math.Max(await log.FindOffsetAsync(Topics.Windows, partition, fromMs, cancellationToken), bounds.EarliestOffset);
        var end = Math.Min(
            await log.FindOffsetAsync(Topics.Windows, partition, toMs + (long)_latestWindow.TotalMilliseconds, cancellationToken), bounds.EndOffset);
        var evaluator = new Evaluator(options.Value, metrics, _ => partition);
        evaluator.SetRules([rule with { Enabled = true, Deleted = false }]);
        // Nothing is forgiven: the log shows all of the range, also what was made up for after a pause.
        evaluator.Assign(new SavedPartition(partition, start, 0, []), long.MaxValue / 2);
        evaluator.MoveTo(partition, fromMs);
        var (windows, first) = await ReadAsync(evaluator, key, partition, start, end, (fromMs, toMs), cancellationToken);
        evaluator.Silence(partition, toMs + (long)options.Value.SilenceDelay.TotalMilliseconds);
        var inside = evaluator.Transitions.Where(change => change.AtMs <= toMs).ToList();
        // A log that begins at 0 has lost nothing yet.
        var trimmed = bounds.EarliestOffset > 0 && start == bounds.EarliestOffset && first > fromMs;
        return new Result([.. inside.Take(MaxChanges)], windows, trimmed ? first : null, inside.Count > MaxChanges);
    }

    private async Task<(long Windows, long? FirstLogMs)> ReadAsync(
        Evaluator evaluator, byte[] key, int partition, long start, long end, (long FromMs, long ToMs) range, CancellationToken cancellationToken)
    {
        var (windows, first) = (0L, (long?)null);
        if (start >= end) return (windows, first);
        var reading = new LogConsumerOptions
        {
            StartAt = (assignment, _) => ValueTask.FromResult(assignment.Partition == partition ? start : assignment.Bounds.EndOffset),
        };
        await using var consumer = await log.OpenConsumerAsync(Topics.Windows, reading, cancellationToken);
        for (var next = start; next < end;)
        {
            using var batch = await consumer.ReadAsync(_patience, cancellationToken)
                ?? throw new EventLogException($"The end of {Topics.Windows} was not reached within {_patience.TotalSeconds:0} s.", retryable: true);
            if (batch.Partition != partition) continue;
            next = batch.NextOffset;
            foreach (ref readonly var entry in batch.Entries)
            {
                if (entry.Offset >= end) break;
                first ??= entry.AppendedAtMs;
                if (!entry.Key.Span.SequenceEqual(key) || !WindowReader.TryScan(entry.Value.Span, out var header)) continue;
                if (header.EndMs - header.SizeMs < range.FromMs || header.EndMs > range.ToMs) continue;
                if (header.Final) windows++;
                evaluator.Process(partition, entry);
            }
        }

        return (windows, first);
    }
}
