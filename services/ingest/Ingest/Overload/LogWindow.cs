namespace Millrace.Ingest.Overload;

/// <summary>
/// How many bytes may be in the log's hands at a time. As CoDel (RFC 8289) does it looks at the shortest wait of an interval, which a burst does not
/// raise but a standing queue does: is that above the target, the window becomes smaller by a quarter; is it not and somebody waits for the window,
/// larger by a MiB. Not thread-safe.
/// </summary>
/// <param name="target">Longest wait that is well.</param>
internal sealed class LogWindow(TimeSpan target)
{
    public const long Least = 1 << 20;
    public const long Most = 64 << 20;
    private const long Start = 4 << 20;
    private const double Interval = 0.1;
    private const double QuickestFor = 60;
    private const int SlowerBy = 3;
    private double _until = double.NaN;
    private double _shortest = double.MaxValue;
    private double _quickest = double.MaxValue;
    private double _quickestUntil;
    private bool _wanted;

    /// <summary>The window.</summary>
    public long Bytes { get; private set; } = Start;

    /// <summary>Somebody waits for the window.</summary>
    public void Wanted() => _wanted = true;

    /// <summary>An append has ended.</summary>
    /// <param name="took">How long it took.</param>
    /// <param name="now">Seconds.</param>
    public void Observe(TimeSpan took, double now)
    {
        var seconds = took.TotalSeconds;
        _shortest = Math.Min(_shortest, seconds);
        if (seconds < _quickest || now >= _quickestUntil) (_quickest, _quickestUntil) = (seconds, now + QuickestFor);
        if (double.IsNaN(_until)) _until = now + Interval;
        if (now < _until) return;
        // A log that is far away is always slow: that is no queue.
        if (_shortest > Math.Max(target.TotalSeconds, _quickest * SlowerBy)) Bytes = Math.Max(Least, Bytes - (Bytes / 4));
        else if (_wanted) Bytes = Math.Min(Most, Bytes + (1 << 20));
        _until = now + Interval;
        _shortest = double.MaxValue;
        _wanted = false;
    }
}
