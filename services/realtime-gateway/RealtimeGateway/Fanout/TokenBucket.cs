namespace Millrace.RealtimeGateway.Fanout;

/// <summary>Lets through a rate with bursts. Not thread-safe.</summary>
/// <param name="perSecond">The rate.</param>
/// <param name="burst">How many at once after a pause.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenBucket(int perSecond, int burst, TimeProvider time)
{
    private double _tokens = burst;
    private long _at = time.GetTimestamp();

    /// <summary>Takes one, if there is one.</summary>
    public bool TryTake()
    {
        if (_tokens < 1)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
            _at = now;
            if (_tokens < 1) return false;
        }

        _tokens--;
        return true;
    }
}
