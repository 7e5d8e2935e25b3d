using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Topics;

namespace Millrace.Adapters.FasterLog.Reading;

/// <summary>
/// Finds offsets by time. Of the last minutes the partition knows them; before that the index leads near, and a scan of at most the distance
/// between two of its points finds the exact one.
/// </summary>
internal static class OffsetFinder
{
    /// <summary>Offset of a partition's first record at or after a time, or its end.</summary>
    public static long Find(Topic topic, int partition, long appendedAtMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(partition);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, topic.Partitions.Length);
        var state = topic.Partitions[partition];
        if (state.RecentOffset(appendedAtMs) is { } recent) return Math.Max(recent, state.Earliest);
        var store = topic.Store;
        var durable = store.DurableAddress;
        var point = topic.Index.ForTime(partition, appendedAtMs);
        // What has been passed without a match; the end, once everything durable has. Whatever stops the scan, this much is certain.
        var passed = Math.Max(point.Next[partition], state.Earliest);
        using var scan = point.Address < durable ? store.TryScan(point.Address) : null;
        try
        {
            while (scan is not null && scan.NextAddress < durable && scan.TryNext(out var entry, out _))
            {
                if (!EntryHeader.TryRead(entry, out var header)) break;
                if (header.Partition != partition) continue;
                if (header.AppendedAtMs >= appendedAtMs) return header.BaseOffset;
                passed = header.BaseOffset + header.Count;
            }
        }
        catch (InvalidDataException)
        {
            // Damaged here; whoever reads will be told so.
        }
        return state.Normalize(Math.Min(passed, state.DurableNext));
    }
}
