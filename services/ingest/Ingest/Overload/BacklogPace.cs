namespace Millrace.Ingest.Overload;

/// <summary>
/// How fast to take in while the aggregator is outpaced. That it is behind is no reason to refuse anything: the log is durable, and an aggregator that stands
/// still is down, not outpaced. But one that works as fast as it can and falls further behind all the same would do so without end. Not thread-safe.
/// </summary>
/// <param name="most">Time that the backlog may take to work off.</param>
internal sealed class BacklogPace(TimeSpan most)
{
    private const double Weight = 0.3;
    private const double CatchUp = 0.8;
    private const double Least = 64 * 1024;

    // Checkpoints come every second or two: a pause of that length is no standstill.
    private const double StandstillSeconds = 6;

    private (long Appended, long Aggregated, long Bytes, double At)? _last;
    private double? _drained;
    private double _taken;
    private double _takenBytes;
    private double _movedAt;
    private bool _paced;

    /// <summary>Seconds that the backlog takes to work off; <see langword="null"/> while that can't be told.</summary>
    public double? Seconds { get; private set; }

    /// <summary>Looks at the log.</summary>
    /// <param name="appended">Records that were ever appended.</param>
    /// <param name="aggregated">How many of them are aggregated.</param>
    /// <param name="bytes">Bytes that were ever taken in.</param>
    /// <param name="now">Seconds.</param>
    /// <returns>Bytes a second to take in, <see langword="null"/> for as many as come.</returns>
    public double? Observe(long appended, long aggregated, long bytes, double now)
    {
        if (_last is not { } last)
        {
            _last = (appended, aggregated, bytes, now);
            _movedAt = now;
            return null;
        }

        var seconds = now - last.At;
        if (seconds <= 0) return null;
        if (aggregated > last.Aggregated) _movedAt = now;
        Smooth(ref _taken, (appended - last.Appended) / seconds);
        Smooth(ref _takenBytes, (bytes - last.Bytes) / seconds);
        var drained = (aggregated - last.Aggregated) / seconds;
        _drained = _drained is { } before ? before + (Weight * (drained - before)) : drained;
        _last = (appended, aggregated, bytes, now);

        var backlog = appended - aggregated;
        var stands = now - _movedAt >= StandstillSeconds;
        Seconds = backlog <= 0 ? 0 : stands || _drained is not > 0 ? null : backlog / _drained.Value;
        if (Seconds is not { } behind)
        {
            _paced = false;
            return null;
        }

        _paced = behind > most.TotalSeconds || (_paced && behind > most.TotalSeconds / 2);
        if (!_paced || _taken <= 0) return null;
        var wanted = _drained!.Value * (behind > most.TotalSeconds ? CatchUp : 1);
        return Math.Max(Least, _takenBytes / _taken * wanted);
    }

    private static void Smooth(ref double value, double sample) => value += Weight * (sample - value);
}
