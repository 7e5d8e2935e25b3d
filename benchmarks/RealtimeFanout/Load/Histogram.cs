namespace Millrace.RealtimeFanout.Load;

/// <summary>Durations in steps of 10 µs up to 10 s.</summary>
internal sealed class Histogram
{
    private const double PerMillisecond = 100;
    private readonly long[] _counts = new long[1_000_000];
    private long _count;

    public void Add(double milliseconds)
    {
        _counts[(int)Math.Clamp(milliseconds * PerMillisecond, 0, _counts.Length - 1)]++;
        _count++;
    }

    /// <summary>In milliseconds.</summary>
    public double Quantile(double share)
    {
        var left = _count * share;
        for (var i = 0; i < _counts.Length; i++)
        {
            left -= _counts[i];
            if (left <= 0) return i / PerMillisecond;
        }

        return _counts.Length / PerMillisecond;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        _count = 0;
    }
}
