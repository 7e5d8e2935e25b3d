namespace Millrace.Aggregator.Engine;

/// <summary>Counts by geohash cell. Cells beyond the limit are counted together, first come, first served.</summary>
internal sealed class GeoCells
{
    private const int ListLength = 8;

    private ulong[] _cells = new ulong[ListLength];
    private long[] _counts = new long[ListLength];
    private int[] _index = []; // position + 1 by hash, used beyond ListLength cells

    /// <summary>Cells counted on their own.</summary>
    public int Count { get; private set; }

    /// <summary>Events in any further cell.</summary>
    public long Other { get; private set; }

    public bool IsEmpty => Count == 0 && Other == 0;

    public ulong CellAt(int position) => _cells[position];

    public long CountAt(int position) => _counts[position];

    public void Add(ulong cell, long count, int limit)
    {
        var position = Find(cell);
        if (position >= 0) _counts[position] += count;
        else if (Count < limit) Append(cell, count);
        else Other += count;
    }

    public void Merge(GeoCells other, int limit)
    {
        for (var i = 0; i < other.Count; i++) Add(other._cells[i], other._counts[i], limit);
        Other += other.Other;
    }

    public void Clear()
    {
        Count = 0;
        Other = 0;
        if (_cells.Length == ListLength) return;
        _cells = new ulong[ListLength];
        _counts = new long[ListLength];
        _index = [];
    }

    private int Find(ulong cell)
    {
        if (Count <= ListLength) return _cells.AsSpan(0, Count).IndexOf(cell);
        var mask = _index.Length - 1;
        for (var at = HomeOf(cell, mask); _index[at] != 0; at = (at + 1) & mask)
        {
            if (_cells[_index[at] - 1] == cell) return _index[at] - 1;
        }

        return -1;
    }

    private void Append(ulong cell, long count)
    {
        if (Count == _cells.Length)
        {
            Array.Resize(ref _cells, Count * 2);
            Array.Resize(ref _counts, Count * 2);
            _index = new int[Count * 4];
            for (var i = 0; i < Count; i++) Place(i);
        }

        _cells[Count] = cell;
        _counts[Count] = count;
        if (_index.Length > 0) Place(Count);
        Count++;
    }

    private void Place(int position)
    {
        var mask = _index.Length - 1;
        var at = HomeOf(_cells[position], mask);
        while (_index[at] != 0) at = (at + 1) & mask;
        _index[at] = position + 1;
    }

    private static int HomeOf(ulong cell, int mask) => (int)((cell * 0x9E3779B97F4A7C15) >> 32) & mask;
}
