using Millrace.Adapters.FasterLog.Groups;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Reading;

/// <summary>Where a consumer begins.</summary>
internal static class ConsumerStart
{
    /// <summary>By partition: the offset to start at, by the caller's own word, the group's commit, or the option, in this order.</summary>
    public static async ValueTask<long[]> ResolveAsync(
        Topic topic, ConsumerGroup? group, LogConsumerOptions options, CancellationToken cancellationToken)
    {
        var starts = new long[topic.Partitions.Length];
        for (var p = 0; p < starts.Length; p++)
        {
            var bounds = topic.Partitions[p].Info(p);
            var committed = group?.Committed(p);
            var start = options.StartAt is { } callback
                ? await callback(new PartitionAssignment(p, committed, bounds), cancellationToken)
                : committed ?? (options.StartFrom == LogStart.Latest ? bounds.EndOffset : bounds.EarliestOffset);
            start = topic.Partitions[p].Normalize(start);
            if (start > topic.Partitions[p].DurableNext)
                throw new EventLogException(
                    $"Partition {p} of {topic.Name} ends at {bounds.EndOffset}; there is no offset {start}. The topic was lost or made anew: compare epochs.", retryable: false);
            starts[p] = Math.Max(start, bounds.EarliestOffset);
        }
        return starts;
    }

    /// <summary>The address from which on all records at or after the given offsets follow.</summary>
    public static long AddressOf(Topic topic, long[] starts)
    {
        // Entries beyond the durable end may yet be cut off; read before the index, so that no point of it can be missing below.
        var end = topic.Store.DurableAddress;
        return starts.Select((start, p) => Math.Min(topic.Index.ForOffset(p, start).Address, end)).Min();
    }
}
