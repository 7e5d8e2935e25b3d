namespace Millrace.Ingest.Overload;

/// <summary>How many bytes a second are taken in while somebody waits: what the service can do, not what it is asked to. Not thread-safe.</summary>
internal sealed class ServiceRate
{
    // Long enough to hold several requests, short enough to follow a change within a second.
    private const double SampleSeconds = 0.2;
    private const double GuessSeconds = 0.02;
    private const double Weight = 0.3;

    // A stall that is over must not be held against those who come now.
    private const double GoodFor = 2;
    private bool _busy;
    private double _mark;
    private double _seconds;
    private double _served;
    private double? _rate;
    private double _sampledAt;

    /// <summary>Bytes a second; <see langword="null"/> while not enough has waited of late to tell.</summary>
    public double? At(double now)
    {
        if (_rate is not null && now - _sampledAt <= GoodFor) return _rate;
        // A guess is better than letting all in that comes until a sample is whole.
        return _seconds >= GuessSeconds && _served > 0 ? _served / _seconds : null;
    }

    /// <summary>Somebody begins or ceases to wait.</summary>
    /// <param name="busy">Whether somebody waits.</param>
    /// <param name="now">Seconds.</param>
    public void SetBusy(bool busy, double now)
    {
        if (busy == _busy) return;
        if (_busy) _seconds += now - _mark;
        _mark = now;
        _busy = busy;
    }

    /// <summary>Some bytes were taken in.</summary>
    public void Served(long bytes, double now)
    {
        if (!_busy) return;
        _served += bytes;
        _seconds += now - _mark;
        _mark = now;
        if (_seconds < SampleSeconds) return;
        var sample = _served / _seconds;
        _rate = _rate is { } before && now - _sampledAt <= GoodFor ? before + (Weight * (sample - before)) : sample;
        _sampledAt = now;
        _served = _seconds = 0;
    }
}
