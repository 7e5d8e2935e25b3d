using Millrace.Adapters.FasterLog.Storage;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>Offsets of a partition whose records may have stood in a damaged part.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="First">First offset.</param>
/// <param name="Last">Last offset; <see langword="null"/> where nothing behind the damage says where it ends.</param>
internal readonly record struct LostRange(int Partition, long First, long? Last)
{
    public override string ToString() => Last is { } last ? $"partition {Partition} from offset {First} to {last}" : $"partition {Partition} from offset {First} on";
}

/// <summary>A part of a log that is not what was written.</summary>
/// <param name="From">Address of the first entry that can't be read.</param>
/// <param name="To">Address of the next one that can; the durable end when none can.</param>
/// <param name="Ranges">What stood there.</param>
internal sealed record Damage(long From, long To, IReadOnlyList<LostRange> Ranges)
{
    // Beyond this the index knows the offsets well enough.
    private const long LookAhead = 8 << 20;

    /// <summary>What stood there, for people.</summary>
    public string Lost => Ranges.Count == 0 ? "no record" : string.Join(", ", Ranges);

    /// <summary>Says what was lost.</summary>
    /// <param name="finder">Reads the files.</param>
    /// <param name="from">First damaged address.</param>
    /// <param name="to">Next entry, if any.</param>
    /// <param name="until">End of the log.</param>
    /// <param name="next">By partition: first offset that was not read before the damage.</param>
    /// <param name="bound">By partition: an offset that surely lies behind the damage.</param>
    public static Damage Describe(EntryFinder finder, long from, long? to, long until, long[] next, Func<int, long?> bound)
    {
        var first = to is { } entry ? finder.FirstOffsets(entry, until, LookAhead) : new long?[next.Length];
        var lost = new List<LostRange>();
        for (var p = 0; p < next.Length; p++)
        {
            var end = first[p] ?? bound(p);
            if (end is null || end > next[p]) lost.Add(new LostRange(p, next[p], end - 1));
        }

        return new Damage(from, to ?? until, lost);
    }

    /// <summary>File and position of its beginning.</summary>
    public string PlaceIn(string directory, in LogGeometry geometry)
    {
        var segment = geometry.SegmentOf(From);
        return $"{SegmentDevice.PathOf(directory, segment)} at byte {From - geometry.StartOf(segment)}";
    }
}
