namespace Millrace.Ingest;

/// <summary>Lets one message through every ten seconds and counts the rest: an outage under load must not fill the disk with its log. Thread-safe.</summary>
internal sealed class LogLimit(TimeProvider time)
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new();
    private long? _last;
    private long _suppressed;

    /// <summary>Whether to write a message now.</summary>
    /// <param name="suppressed">How many were left out before it.</param>
    public bool Allows(out long suppressed)
    {
        lock (_gate)
        {
            suppressed = 0;
            if (_last is { } last && time.GetElapsedTime(last) < _pause)
            {
                _suppressed++;
                return false;
            }

            _last = time.GetTimestamp();
            suppressed = _suppressed;
            _suppressed = 0;
            return true;
        }
    }
}
