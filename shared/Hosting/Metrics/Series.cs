namespace Millrace.Hosting.Metrics;

/// <summary>One series of a family: the labels are text already, the value is added to or set by any thread.</summary>
internal abstract class Series(string labels)
{
    private int _round;

    /// <summary>Labels as <c>name="value",…</c>, sorted and escaped; empty without labels.</summary>
    public string Labels { get; } = labels;

    /// <summary>The collection round in which an observable instrument last told this series.</summary>
    public int Round
    {
        get => Volatile.Read(ref _round);
        set => Volatile.Write(ref _round, value);
    }

    public abstract void Record(double value);

    protected static void Add(ref double target, double value)
    {
        var seen = Volatile.Read(ref target);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref target, seen + value, seen);
            if (before.Equals(seen))
                return;
            seen = before;
        }
    }
}

/// <summary>A sum: counter or up-down counter.</summary>
internal sealed class SumSeries(string labels) : Series(labels)
{
    private double _sum;

    public double Value => Volatile.Read(ref _sum);

    public override void Record(double value) => Add(ref _sum, value);
}

/// <summary>The last value told: gauges, and observable sums, which tell their total.</summary>
internal sealed class LastSeries(string labels) : Series(labels)
{
    private double _value;

    public double Value => Volatile.Read(ref _value);

    public override void Record(double value) => Volatile.Write(ref _value, value);
}

/// <summary>A histogram with fixed bounds.</summary>
internal sealed class HistogramSeries(string labels, double[] bounds) : Series(labels)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    public double[] Bounds { get; } = bounds;

    public double Sum => Volatile.Read(ref _sum);

    public long CountOf(int bucket) => Volatile.Read(ref _counts[bucket]);

    public override void Record(double value)
    {
        // An upper bound belongs to its bucket ("le"); NaN is in none but the last.
        var index = Array.BinarySearch(Bounds, value);
        if (index < 0)
            index = ~index;
        Interlocked.Increment(ref _counts[double.IsNaN(value) ? Bounds.Length : index]);
        Add(ref _sum, value);
    }
}
