namespace Millrace.RealtimeGateway.Channels;

/// <summary>The last publications of a channel by ascending offset. Not thread-safe: the channel's lock covers it.</summary>
internal sealed class ChannelHistory
{
    private Publication?[] _ring = new Publication?[8];
    private int _head;

    /// <summary>Publications kept.</summary>
    public int Count { get; private set; }

    /// <summary>Memory that they hold.</summary>
    public long Bytes { get; private set; }

    /// <summary>The publication at a place from the oldest on.</summary>
    public Publication this[int index] => _ring[(_head + index) & (_ring.Length - 1)]!;

    public void Add(Publication publication)
    {
        if (Count == _ring.Length) Resize(_ring.Length * 2);
        _ring[(_head + Count) & (_ring.Length - 1)] = publication;
        Count++;
        Bytes += publication.Size;
    }

    /// <summary>Puts older publications, ascending, before those that are there.</summary>
    public void Prepend(IReadOnlyList<Publication> older)
    {
        var needed = Count + older.Count;
        if (needed > _ring.Length) Resize((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed));
        _head = (_head - older.Count) & (_ring.Length - 1);
        for (var i = 0; i < older.Count; i++)
        {
            _ring[(_head + i) & (_ring.Length - 1)] = older[i];
            Bytes += older[i].Size;
        }

        Count = needed;
    }

    /// <summary>Drops the oldest one and returns its offset.</summary>
    public long RemoveOldest()
    {
        var publication = _ring[_head]!;
        _ring[_head] = null;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        Bytes -= publication.Size;
        if (_ring.Length > 64 && Count < _ring.Length / 4) Resize(_ring.Length / 2);
        return publication.Offset;
    }

    /// <summary>Place of the first publication after a position; <see cref="Count"/> when there is none.</summary>
    public int IndexAfter(long offset)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (this[middle].Offset <= offset) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    public void Clear()
    {
        _ring = new Publication?[8];
        _head = 0;
        Count = 0;
        Bytes = 0;
    }

    private void Resize(int size)
    {
        var ring = new Publication?[size];
        for (var i = 0; i < Count; i++) ring[i] = this[i];
        _ring = ring;
        _head = 0;
    }
}
