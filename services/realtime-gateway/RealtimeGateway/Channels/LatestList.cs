namespace Millrace.RealtimeGateway.Channels;

/// <summary>An item of a channel's state (a window, an alert) with its latest publication.</summary>
internal abstract class LatestEntry
{
    /// <summary>What was published of it last.</summary>
    public required Publication Latest { get; set; }

    public LatestEntry? Older { get; set; }

    public LatestEntry? Newer { get; set; }
}

/// <summary>
/// A channel's state in the order of its last changes. It answers two questions at once: what is the latest of everything (a snapshot), and what
/// has changed since a position (for a client that lagged), without anything kept for each client. The channel's lock covers it.
/// </summary>
internal sealed class LatestList
{
    private LatestEntry? _lastOld;

    public LatestEntry? Oldest { get; private set; }

    public LatestEntry? Newest { get; private set; }

    public int Count { get; private set; }

    /// <summary>Puts an entry, new or moved, at the end.</summary>
    public void Append(LatestEntry entry) => InsertAfter(Newest, entry);

    /// <summary>Puts an entry that was read from before the live position behind all others of that kind, and before all live ones.</summary>
    public void AppendOld(LatestEntry entry)
    {
        InsertAfter(_lastOld, entry);
        _lastOld = entry;
    }

    public void Remove(LatestEntry entry)
    {
        if (ReferenceEquals(entry, _lastOld)) _lastOld = entry.Older;
        if (entry.Older is null) Oldest = entry.Newer;
        else entry.Older.Newer = entry.Newer;
        if (entry.Newer is null) Newest = entry.Older;
        else entry.Newer.Older = entry.Older;
        entry.Older = entry.Newer = null;
        Count--;
    }

    public void Clear()
    {
        Oldest = Newest = _lastOld = null;
        Count = 0;
    }

    /// <summary>The oldest entry that changed after a position.</summary>
    public LatestEntry? FirstAfter(long offset)
    {
        LatestEntry? found = null;
        for (var entry = Newest; entry is not null && entry.Latest.Offset > offset; entry = entry.Older) found = entry;
        return found;
    }

    private void InsertAfter(LatestEntry? place, LatestEntry entry)
    {
        entry.Older = place;
        entry.Newer = place is null ? Oldest : place.Newer;
        if (entry.Newer is null) Newest = entry;
        else entry.Newer.Older = entry;
        if (place is null) Oldest = entry;
        else place.Newer = entry;
        Count++;
    }
}
