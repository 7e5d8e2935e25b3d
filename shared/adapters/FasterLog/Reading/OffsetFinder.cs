using FASTER.core;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Topics;

namespace Millrace.Adapters.FasterLog.Reading;

/// <summary>Finds offsets by time: the index leads near, a scan of at most the distance between two of its points finds the exact one.</summary>
internal static class OffsetFinder
{
    /// <summary>Offset of a partition's first record at or after a time, or its end.</summary>
    public static long Find(Topic topic, int partition, long appendedAtMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(partition);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, topic.Partitions.Length);
        var state = topic.Partitions[partition];
        var end = state.DurableNext;
        var store = topic.Store;
        var durable = store.DurableAddress;
        var point = topic.Index.ForTime(partition, appendedAtMs);
        var earliest = Math.Max(point.Next[partition], state.Earliest);
        if (point.Address >= durable) return end;
        using var scan = store.TryScan(point.Address, ahead: false);
        // The topic is being opened anew: an earlier offset is allowed.
        if (scan is null) return Math.Min(earliest, end);
        try
        {
            while (scan.NextAddress < durable && scan.TryNext(out var entry, out _))
            {
                var whole = EntryHeader.TryRead(entry, out var header);
                scan.Release();
                if (!whole) return Math.Min(earliest, end);
                if (header.Partition == partition && header.AppendedAtMs >= appendedAtMs) return Math.Min(header.BaseOffset, end);
            }
        }
        catch (FasterException)
        {
            // Damaged here: the reader will say so. Earlier is allowed.
            return Math.Min(earliest, end);
        }
        return end;
    }
}
