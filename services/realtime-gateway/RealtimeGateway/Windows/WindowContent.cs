using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Windows;

/// <summary>
/// The windows of a stream as last seen: the highest revision of each. By id for the next revision, by start for <c>GET /api/v1/windows</c>, by last
/// change for snapshots and catching up.
/// </summary>
internal sealed partial class WindowContent(GatewayOptions options, MemoryBudget budget, GatewayMetrics metrics) : ChannelContent
{
    private readonly Dictionary<WindowId, WindowEntry> _byId = [];
    private readonly Dictionary<(string Type, string Key), Series> _series = [];
    private readonly SortedList<long, List<WindowEntry>> _byStart = [];
    private readonly LatestList _byChange = new();
    private int _smallestSize = int.MaxValue;
    private long _newestStart = long.MinValue;

    public override bool IsEmpty => _byId.Count == 0;

    /// <summary>Types that there are windows of.</summary>
    public IEnumerable<string> Types => _series.Keys.Select(k => k.Type).Distinct(StringComparer.Ordinal);

    /// <summary>Log time of the window that has not changed for longest.</summary>
    public long? OldestChangeMs => _byChange.Oldest?.Latest.LoggedAtMs;

    public override bool Apply(Publication publication, object? source)
    {
        var record = (WindowRecord)source!;
        if (!_series.TryGetValue((record.Type, record.Key), out var series))
        {
            series = new Series(record.Type, record.Key);
            _series.Add((record.Type, record.Key), series);
        }

        var id = new WindowId(series, record.StartMs, (int)(record.EndMs - record.StartMs));
        if (!_byId.TryGetValue(id, out var entry))
        {
            entry = Insert(id, publication);
        }
        else
        {
            if (record.Revision <= entry.Revision) return false;
            budget.Add(0, publication.Size - entry.Latest.Size);
            _byChange.Remove(entry);
            entry.Latest = publication;
        }

        entry.Revision = record.Revision;
        entry.Final = record.Final;
        if (record.Old) _byChange.AppendOld(entry);
        else _byChange.Append(entry);
        return true;
    }

    /// <summary>Whether this revision of the window, or a higher one, is known.</summary>
    public bool Knows(WindowRecord record) =>
        _series.TryGetValue((record.Type, record.Key), out var series)
        && _byId.TryGetValue(new WindowId(series, record.StartMs, (int)(record.EndMs - record.StartMs)), out var entry)
        && entry.Revision >= record.Revision;

    public override void Snapshot(string? type, List<Publication> into)
    {
        var since = _newestStart - (long)options.History.SnapshotSpan.TotalMilliseconds;
        var bytes = 0;
        for (var entry = _byChange.Newest as WindowEntry; entry is not null; entry = entry.Older as WindowEntry)
        {
            if (entry.Id.StartMs < since) continue;
            if (type is not null && !string.Equals(type, entry.Id.Series.Type, StringComparison.Ordinal)) continue;
            bytes += entry.Latest.Data.Length;
            if (bytes > options.History.SnapshotBytes) break;
            into.Add(entry.Latest);
        }

        into.Reverse();
    }

    public override long? After(long offset, in ChangeQuery query, List<Publication> into)
    {
        if (query.FinalsOnly) return NewestFinals(offset, query, into);
        var bytes = 0;
        for (var entry = _byChange.FirstAfter(offset); entry is not null; entry = entry.Newer)
        {
            if (!query.Takes(entry.Latest)) continue;
            bytes += entry.Latest.Data.Length;
            if (bytes > query.MaxBytes && into.Count > 0) return into[^1].Offset;
            into.Add(entry.Latest);
        }

        return null;
    }

    public override void Trim(long nowMs)
    {
        var since = nowMs - (long)options.Windows.Retention.TotalMilliseconds;
        var removed = 0;
        while (_byChange.Oldest is WindowEntry oldest && oldest.Latest.LoggedAtMs < since)
        {
            Remove(oldest);
            removed++;
        }

        if (removed > 0) metrics.WindowsEvicted(removed, "age");
    }

    /// <summary>Forgets the windows that have not changed for longest, to make room.</summary>
    public void Evict(int count)
    {
        var removed = 0;
        for (; removed < count && _byChange.Oldest is WindowEntry oldest; removed++) Remove(oldest);
        if (removed > 0) metrics.WindowsEvicted(removed, "capacity");
    }

    public override void Clear()
    {
        while (_byChange.Oldest is WindowEntry oldest) Remove(oldest);
    }

    // A message a second is small; it is not cut, so that its position is the end.
    private long? NewestFinals(long offset, in ChangeQuery query, List<Publication> into)
    {
        var newest = new Dictionary<(Series, int), WindowEntry>();
        for (var entry = _byChange.FirstAfter(offset) as WindowEntry; entry is not null; entry = entry.Newer as WindowEntry)
        {
            if (!entry.Final || !query.Takes(entry.Latest)) continue;
            var key = (entry.Id.Series, entry.Id.SizeMs);
            if (!newest.TryGetValue(key, out var known) || known.Id.StartMs <= entry.Id.StartMs) newest[key] = entry;
        }

        into.AddRange(newest.Values.Select(e => e.Latest).OrderBy(p => p.Offset));
        return null;
    }

    private WindowEntry Insert(in WindowId id, Publication publication)
    {
        var entry = new WindowEntry { Id = id, Latest = publication };
        _byId.Add(id, entry);
        id.Series.Windows++;
        if (!_byStart.TryGetValue(id.StartMs, out var bucket)) _byStart.Add(id.StartMs, bucket = new List<WindowEntry>(1));
        entry.BucketIndex = bucket.Count;
        bucket.Add(entry);
        _smallestSize = Math.Min(_smallestSize, id.SizeMs);
        _newestStart = Math.Max(_newestStart, id.StartMs);
        budget.Add(1, entry.Size);
        return entry;
    }

    private void Remove(WindowEntry entry)
    {
        _byId.Remove(entry.Id);
        _byChange.Remove(entry);
        var bucket = _byStart[entry.Id.StartMs];
        bucket[entry.BucketIndex] = bucket[^1];
        bucket[entry.BucketIndex].BucketIndex = entry.BucketIndex;
        bucket.RemoveAt(bucket.Count - 1);
        if (bucket.Count == 0) _byStart.Remove(entry.Id.StartMs);
        var series = entry.Id.Series;
        if (--series.Windows == 0) _series.Remove((series.Type, series.Key));
        budget.Add(-1, -entry.Size);
    }
}
