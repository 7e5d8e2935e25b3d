using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>Where a reader begins.</summary>
internal static class ConsumerStart
{
    /// <summary>By the reader's own word, the group's commit, or the option, in this order.</summary>
    public static async Task<IReadOnlyList<PartitionState>> ResolveAsync(
        ConsumerContext context, string topic, LogConsumerOptions options, IReadOnlyList<(int Partition, long? Committed)> partitions, CancellationToken cancellationToken)
    {
        var name = context.Options.NameOf(topic);
        TopicPartition[] asked = [.. partitions.Select(p => new TopicPartition(name, p.Partition))];
        var earliest = context.Cluster.OffsetsAsync([.. asked.Select(p => (p, OffsetSpec.Earliest()))], cancellationToken);
        var ends = await context.Cluster.OffsetsAsync([.. asked.Select(p => (p, OffsetSpec.Latest()))], cancellationToken);
        var begins = await earliest;
        var states = new List<PartitionState>(partitions.Count);
        for (var i = 0; i < partitions.Count; i++)
        {
            var (partition, committed) = partitions[i];
            var bounds = new PartitionInfo(partition, begins[i], ends[i]);
            var start = options.StartAt is { } callback
                ? await callback(new PartitionAssignment(partition, committed, bounds), cancellationToken)
                : committed ?? (options.StartFrom == LogStart.Latest ? bounds.EndOffset : bounds.EarliestOffset);
            // What was asked for first may be older than what the reader found out meanwhile.
            if (start > bounds.EndOffset) bounds = bounds with { EndOffset = (await context.Cluster.OffsetsAsync([(asked[i], OffsetSpec.Latest())], cancellationToken))[0] };
            if (start > bounds.EndOffset)
            {
                throw new EventLogException(
                    $"Partition {partition} of {topic} ends at {bounds.EndOffset}; there is no offset {start}. The topic was lost or made anew: compare epochs.", retryable: false);
            }

            states.Add(new PartitionState(partition, Math.Max(start, bounds.EarliestOffset), committed ?? -1));
        }

        return states;
    }
}
