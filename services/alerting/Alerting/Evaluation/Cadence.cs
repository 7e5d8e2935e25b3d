namespace Millrace.Alerting.Evaluation;

/// <summary>Says once in an interval that something is due.</summary>
internal sealed class Cadence(TimeProvider time)
{
    private long _last = time.GetTimestamp();

    /// <summary>Whether the interval has passed since this last said yes.</summary>
    public bool IsDue(TimeSpan interval)
    {
        if (time.GetElapsedTime(_last) < interval) return false;
        _last = time.GetTimestamp();
        return true;
    }
}
