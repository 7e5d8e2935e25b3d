using Millrace.Contracts;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Evaluation;

/// <summary>
/// Tells whether the aggregator keeps up. A stream without windows is silent only if no events wait before the aggregator; while it is away or
/// behind, the absence of windows means nothing and nothing is judged by it.
/// </summary>
internal sealed class Upstream(IEventLog log)
{
    /// <summary>The aggregator's consumer group.</summary>
    public const string AggregatorGroup = "aggregator";

    /// <summary>Time that the aggregator may take from an event to its window, before it counts as behind.</summary>
    public const long SlackMs = 3000;

    /// <summary>
    /// Whether everything that was appended to <c>millrace.events</c> until shortly before a log time, and goes to a partition of the windows, has been
    /// aggregated: each partition's records of that span either lie before the newest event that a window has shown, or before the group's committed
    /// position (late ones and duplicates make no window).
    /// </summary>
    /// <param name="partition">Partition of <c>millrace.windows</c> whose silence is to be judged.</param>
    /// <param name="newestEventMs">
    /// By partition of <c>millrace.windows</c> that this instance reads: log time of the newest event that a window has shown.
    /// </param>
    /// <param name="logMs">Log time up to which silence is to be judged.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async ValueTask<bool> HasCaughtUpAsync(
        int partition, IReadOnlyDictionary<int, long> newestEventMs, long logMs, CancellationToken cancellationToken)
    {
        var events = await log.DescribeAsync(Topics.Events, cancellationToken);
        var windows = await log.DescribeAsync(Topics.Windows, cancellationToken);
        var committed = await log.GetCommittedAsync(Topics.Events, AggregatorGroup, cancellationToken);
        // With as many partitions of windows as of events a stream has the same number in both, and other partitions, which may be another instance's, say
        // nothing of this one.
        var alike = windows.Partitions.Count == events.Partitions.Count;
        var shown = alike ? newestEventMs.GetValueOrDefault(partition) : newestEventMs.Values.DefaultIfEmpty().Max();
        foreach (var source in events.Partitions)
        {
            if (alike && source.Partition != partition) continue;
            var position = Math.Max(committed.GetValueOrDefault(source.Partition), source.EarliestOffset);
            if (position >= source.EndOffset) continue;
            var due = await log.FindOffsetAsync(Topics.Events, source.Partition, logMs - SlackMs, cancellationToken);
            if (position >= due) continue;
            if (await log.FindOffsetAsync(Topics.Events, source.Partition, shown + 1, cancellationToken) < due) return false;
        }
        return true;
    }
}
