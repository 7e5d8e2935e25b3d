using Millrace.Contracts.Sketches;

namespace Millrace.Aggregator.Engine;

/// <summary>Statistics of one named value in a row.</summary>
internal struct ValueSlot
{
    private long _lastTimeMs;

    public byte[] Name { get; private set; }

    public DDSketch Sketch { get; private set; }

    public long Count { get; private set; }

    public double Sum { get; private set; }

    public double Min { get; private set; }

    public double Max { get; private set; }

    /// <summary>The value of the event with the greatest event time, of those the one with the greatest offset.</summary>
    public double Last { get; private set; }

    public void Begin(byte[] name, double relativeError)
    {
        Name = name;
        // A slot keeps its sketch when its row is reused.
        Sketch ??= new DDSketch(relativeError);
        Count = 0;
        Sum = 0;
        Min = double.PositiveInfinity;
        Max = double.NegativeInfinity;
        _lastTimeMs = long.MinValue;
    }

    public void Fold(double value, long timeMs)
    {
        Count++;
        Sum += value;
        if (value < Min) Min = value;
        if (value > Max) Max = value;
        // Events come by ascending offset, so the later of two equal times is the later offset.
        if (timeMs >= _lastTimeMs)
        {
            _lastTimeMs = timeMs;
            Last = value;
        }

        Sketch.Insert(value);
    }

    public void Merge(ref readonly ValueSlot later)
    {
        Count += later.Count;
        Sum += later.Sum;
        Min = Math.Min(Min, later.Min);
        Max = Math.Max(Max, later.Max);
        if (later._lastTimeMs >= _lastTimeMs)
        {
            _lastTimeMs = later._lastTimeMs;
            Last = later.Last;
        }

        Sketch.Merge(later.Sketch);
    }

    public readonly void Reset() => Sketch.Clear();
}
