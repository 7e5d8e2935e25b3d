using System.Buffers;

namespace Millrace.Aggregator.Engine;

/// <summary>
/// One window of one stream: a pane, into which events are folded, or a larger one, whose rows hold what its panes already gone came to.
/// Rows are linked in the order of their first events, which is the order of everything that is emitted. Pooled.
/// </summary>
internal sealed class WindowState
{
    private Row?[] _bySlot = [];
    private Row? _last;
    private StreamState? _stream;
    private Frame? _frame;

    public StreamState Stream => _stream!;

    public Frame Frame => _frame!;

    /// <summary>Index of the window's size; 0 is a pane.</summary>
    public int Level { get; private set; }

    public long Start { get; private set; }

    public long End { get; private set; }

    /// <summary>The watermark has passed the end.</summary>
    public bool Final { get; set; }

    public Row? First { get; private set; }

    public void Begin(StreamState stream, Frame frame, int level, long start, long size)
    {
        _stream = stream;
        _frame = frame;
        Level = level;
        Start = start;
        End = start + size;
        Final = End <= stream.WatermarkMs;
    }

    public Row? Find(Series series)
    {
        var slots = _bySlot;
        return (uint)series.Slot < (uint)slots.Length ? slots[series.Slot] : null;
    }

    public void Add(Row row, Series series)
    {
        row.Series = series;
        row.Window = this;
        if (series.Slot >= _bySlot.Length) Grow(series.Slot + 1);
        _bySlot[series.Slot] = row;
        if (_last is null) First = row;
        else _last.Next = row;
        _last = row;
    }

    /// <summary>Makes the window unused. The caller has taken the rows.</summary>
    public void Clear()
    {
        if (_bySlot.Length > 0) ArrayPool<Row?>.Shared.Return(_bySlot, clearArray: true);
        _bySlot = [];
        First = null;
        _last = null;
        _stream = null;
        _frame = null;
    }

    private void Grow(int length)
    {
        var grown = ArrayPool<Row?>.Shared.Rent(Math.Max(length, _bySlot.Length * 2));
        _bySlot.CopyTo(grown, 0);
        Array.Clear(grown, _bySlot.Length, grown.Length - _bySlot.Length);
        if (_bySlot.Length > 0) ArrayPool<Row?>.Shared.Return(_bySlot, clearArray: true);
        _bySlot = grown;
    }
}
