using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Configuration;

namespace Millrace.Adapters.Kafka.Brokers;

/// <summary>
/// Finds offsets by time. The brokers are asked first; until they have shown that they answer rightly, the record before their answer is looked at,
/// and where it proves them wrong the offset is found by halving.
/// </summary>
internal sealed class OffsetFinder(Cluster cluster, RecordProbe probe, KafkaOptions options, ILogger logger)
{
    // 0: not known yet, 1: their answers are right, 2: they are wrong.
    private readonly ConcurrentDictionary<string, int> _trust = new(StringComparer.Ordinal);

    /// <summary>The first record at or after a time, or an earlier one; the end when there is none.</summary>
    public async ValueTask<long> FindAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken)
    {
        const int Right = 1, Wrong = 2;
        var place = new TopicPartition(options.NameOf(topic), partition);
        var earliest = cluster.OffsetsAsync([(place, OffsetSpec.Earliest())], cancellationToken);
        var end = (await cluster.OffsetsAsync([(place, OffsetSpec.Latest())], cancellationToken))[0];
        var begin = (await earliest)[0];
        if (begin >= end || appendedAtMs <= 0) return begin;
        var trust = _trust.GetValueOrDefault(topic);
        if (trust != Wrong)
        {
            var told = (await cluster.OffsetsAsync([(place, OffsetSpec.ForTimestamp(appendedAtMs))], cancellationToken))[0];
            var found = told < 0 ? end : Math.Clamp(told, begin, end);
            if (trust == Right || found == begin) return found;
            var before = await LastBeforeAsync(place, begin, found, cancellationToken);
            if (before < appendedAtMs)
            {
                // "None" is easily right; only a place in the middle proves something.
                if (told >= 0) _trust[topic] = Right;
                return found;
            }

            _trust[topic] = Wrong;
            Log.TimesUnsupported(logger, topic);
        }

        // Such brokers keep the producers' times, which are out of order by as much as a record may wait in a producer.
        return await HalveAsync(place, begin, end, appendedAtMs - (long)options.AppendTimeout.TotalMilliseconds, cancellationToken);
    }

    /// <summary>Time of the last record before an offset.</summary>
    private async Task<long> LastBeforeAsync(TopicPartition place, long begin, long offset, CancellationToken cancellationToken)
    {
        // Offsets may have gaps: go back further and further until a record is found.
        for (var back = 1L; ; back *= 8)
        {
            var from = Math.Max(begin, offset - back);
            if (await probe.FirstFromAsync(place, from, cancellationToken) is { } found && found.Offset < offset) return found.TimestampMs;
            if (from == begin) return long.MinValue;
        }
    }

    private async Task<long> HalveAsync(TopicPartition place, long low, long high, long timeMs, CancellationToken cancellationToken)
    {
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var found = await probe.FirstFromAsync(place, middle, cancellationToken);
            if (found is not { } record || record.Offset >= high || record.TimestampMs >= timeMs) high = middle;
            else low = record.Offset + 1;
        }

        return low;
    }
}
