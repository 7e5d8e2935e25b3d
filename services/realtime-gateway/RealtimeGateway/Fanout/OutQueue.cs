using System.Diagnostics.CodeAnalysis;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>What waits for one client: references to shared frames, counted in bytes. Not thread-safe: its shard owns it.</summary>
internal struct OutQueue
{
    private Frame?[]? _ring;
    private int _head;

    /// <summary>Frames waiting.</summary>
    public int Count { get; private set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    public void Add(Frame frame)
    {
        _ring ??= new Frame[4];
        if (Count == _ring.Length) Grow();
        _ring[(_head + Count) & (_ring.Length - 1)] = frame;
        Count++;
        Bytes += frame.Length;
    }

    /// <summary>Puts a frame before all others.</summary>
    public void AddFirst(Frame frame)
    {
        _ring ??= new Frame[4];
        if (Count == _ring.Length) Grow();
        _head = (_head - 1) & (_ring.Length - 1);
        _ring[_head] = frame;
        Count++;
        Bytes += frame.Length;
    }

    public readonly bool TryPeek(int index, [NotNullWhen(true)] out Frame? frame)
    {
        frame = index < Count ? _ring![(_head + index) & (_ring.Length - 1)] : null;
        return frame is not null;
    }

    public Frame Take()
    {
        var frame = _ring![_head]!;
        _ring[_head] = null;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        Bytes -= frame.Length;
        // A burst must not keep its memory for the life of the connection.
        if (Count == 0 && _ring.Length > 16) _ring = null;
        if (Count == 0) _head = 0;
        return frame;
    }

    public void Clear()
    {
        _ring = null;
        _head = 0;
        Count = 0;
        Bytes = 0;
    }

    private void Grow()
    {
        var larger = new Frame?[_ring!.Length * 2];
        for (var i = 0; i < Count; i++) larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
