namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>An entry boundary of the log, with what each partition had reached there.</summary>
/// <param name="Address">Where an entry begins.</param>
/// <param name="Next">By partition: offset of its first record at or after the address.</param>
/// <param name="LastMs">By partition: log time of its last record before the address.</param>
internal sealed record IndexPoint(long Address, long[] Next, long[] LastMs);

/// <summary>
/// Offset and time to address, one point per <paramref name="spacing"/> bytes of log: 8 GiB at 1 MiB and four partitions take 700 KB.
/// The first point is where the log begins. Safe from any thread.
/// </summary>
internal sealed class SparseIndex(int spacing)
{
    private readonly Lock _gate = new();
    private readonly List<IndexPoint> _points = [];

    /// <summary>All points, oldest first.</summary>
    public IndexPoint[] Snapshot()
    {
        lock (_gate) return [.. _points];
    }

    /// <summary>Replaces everything.</summary>
    public void Reset(IEnumerable<IndexPoint> points)
    {
        lock (_gate)
        {
            _points.Clear();
            _points.AddRange(points);
        }
    }

    /// <summary>Adds a point for an entry about to follow the given state, when the last one is far enough away.</summary>
    public void Offer(long address, long[] next, long[] lastMs)
    {
        lock (_gate)
        {
            if (_points.Count > 0 && address - _points[^1].Address < spacing) return;
            _points.Add(new IndexPoint(address, [.. next], [.. lastMs]));
        }
    }

    /// <summary>Forgets points at or above an address, but for the first.</summary>
    public void CutAt(long address)
    {
        lock (_gate)
        {
            while (_points.Count > 1 && _points[^1].Address >= address) _points.RemoveAt(_points.Count - 1);
        }
    }

    /// <summary>Makes a point the first one.</summary>
    public void BeginAt(IndexPoint point)
    {
        lock (_gate)
        {
            var keep = _points.FindIndex(p => p.Address > point.Address);
            var rest = keep < 0 ? [] : _points.GetRange(keep, _points.Count - keep);
            _points.Clear();
            _points.Add(point);
            _points.AddRange(rest);
        }
    }

    /// <summary>The last point from which on all of a partition's records at or after an offset follow.</summary>
    public IndexPoint ForOffset(int partition, long offset) => Last(p => p.Next[partition] <= offset);

    /// <summary>The last point from which on all of a partition's records at or after a time follow.</summary>
    public IndexPoint ForTime(int partition, long appendedAtMs) => Last(p => p.LastMs[partition] < appendedAtMs);

    /// <summary>The first point above an address, if any.</summary>
    public IndexPoint? After(long address)
    {
        lock (_gate) return _points.Find(p => p.Address > address);
    }

    /// <summary>The last point for which a condition holds that holds for a prefix of the points; the first point when for none.</summary>
    public IndexPoint Last(Func<IndexPoint, bool> condition)
    {
        lock (_gate)
        {
            int low = 0, high = _points.Count - 1;
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                if (condition(_points[middle])) low = middle;
                else high = middle - 1;
            }
            return _points[low];
        }
    }
}
