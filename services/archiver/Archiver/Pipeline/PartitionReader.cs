using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Pipeline;

/// <summary>One partition of the log: its duplicate filter, its watermarks and its lanes. Belongs to the reader's thread.</summary>
/// <param name="partition">Number of the partition.</param>
/// <param name="identity">What makes two events the same.</param>
/// <param name="memory">The duplicate filter.</param>
/// <param name="lateness">The watermarks, as they were at <paramref name="start"/>.</param>
/// <param name="start">Offset of the first record that a lane lacks; those before are for the duplicate filter alone.</param>
/// <param name="lanes">One a sink.</param>
/// <param name="malformed">Told the offset of a record that is no event.</param>
internal sealed class PartitionReader(
    int partition, EventIdentity identity, DuplicateMemory memory, LatenessTracker lateness, long start, IReadOnlyList<Lane> lanes, Action<long> malformed)
    : IAsyncDisposable
{
    /// <summary>The partition.</summary>
    public int Partition { get; } = partition;

    /// <summary>One lane a sink.</summary>
    public IReadOnlyList<Lane> Lanes { get; } = lanes;

    /// <summary>The position last committed to the log.</summary>
    public long Committed { get; set; } = -1;

    /// <summary>Offset up to which every sink has everything; <see langword="null"/> while one has stored nothing.</summary>
    public long? Saved
    {
        get
        {
            var least = long.MaxValue;
            foreach (var lane in Lanes)
            {
                if (lane.Saved is not { } saved) return null;
                least = Math.Min(least, saved);
            }

            return least;
        }
    }

    /// <summary>Whether another instance has taken the partition over.</summary>
    public bool IsLost => Lanes.Any(lane => lane.IsLost);

    /// <summary>
    /// Takes a record into the filter and into the lanes that lack it. <see langword="false"/>: a lane has no room; nothing was done, come again.
    /// </summary>
    public bool TryTake(in LogEntry entry, long now)
    {
        foreach (var lane in Lanes)
        {
            if (lane.Wants(entry.Offset) && !lane.MakeRoom(entry)) return false;
        }

        var isEvent = EventView.TryParse(entry.Value.Span, out var view);
        var keep = isEvent && !memory.Observe(identity.Of(entry.Key.Span, view.Source, view.Id), entry.Offset, entry.AppendedAtMs);
        var late = isEvent && entry.Offset >= start && lateness.Observe(entry.Key.Span, view.TimeMs, entry.AppendedAtMs, duplicate: !keep);
        var wanted = false;
        foreach (var lane in Lanes)
        {
            if (!lane.Wants(entry.Offset)) continue;
            lane.Take(entry, view, keep, late, now);
            wanted = true;
        }

        if (wanted && !isEvent) malformed(entry.Offset);
        else if (wanted && !keep) ArchiverMetrics.Duplicate();
        else if (wanted && late) ArchiverMetrics.Late();
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in Lanes) await lane.DisposeAsync();
    }
}
