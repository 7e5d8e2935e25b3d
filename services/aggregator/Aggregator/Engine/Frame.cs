namespace Millrace.Aggregator.Engine;

/// <summary>
/// The span of one window of the largest size, with every window inside it. A series is admitted to a frame as a whole, so that the windows of
/// different sizes agree on which series stand on their own; and a frame lives and is replayed as a whole. Pooled.
/// </summary>
internal sealed class Frame
{
    private readonly WindowState?[][] _levels;
    private readonly long[] _sizes;

    public Frame(long[] sizes)
    {
        _sizes = sizes;
        _levels = new WindowState?[sizes.Length][];
        for (var level = 0; level < sizes.Length; level++) _levels[level] = new WindowState?[sizes[^1] / sizes[level]];
    }

    public long Start { get; private set; }

    public long End { get; private set; }

    /// <summary>Offset of the first event in it.</summary>
    public long FirstOffset { get; private set; }

    /// <summary>Series that stand on their own.</summary>
    public int OwnSeries { get; set; }

    /// <summary>Series of what was folded together.</summary>
    public int OtherSeries { get; set; }

    public List<Series> Admitted { get; } = [];

    /// <summary>The frames of the partition in the order of their first offsets.</summary>
    public Frame? Younger { get; set; }

    public Frame? Older { get; set; }

    public int Levels => _levels.Length;

    /// <summary>Windows of a level by position; those without an event, and panes already gone, are <see langword="null"/>.</summary>
    public WindowState?[] Level(int level) => _levels[level];

    public long SizeOf(int level) => _sizes[level];

    /// <summary>Position of the window of a level that covers a time inside the frame.</summary>
    public int PositionOf(int level, long timeMs) => (int)((timeMs - Start) / _sizes[level]);

    public void Begin(long start, long offset)
    {
        Start = start;
        End = start + _sizes[^1];
        FirstOffset = offset;
        OwnSeries = 0;
        OtherSeries = 0;
    }
}
