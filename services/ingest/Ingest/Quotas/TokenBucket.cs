namespace Millrace.Ingest.Quotas;

/// <summary>A token bucket that may go into debt: what it holds grows with time up to its capacity. Not thread-safe.</summary>
internal struct TokenBucket
{
    private readonly double _perSecond;
    private readonly double _capacity;
    private double _held;
    private double _at;

    /// <summary>Makes a full one.</summary>
    /// <param name="perSecond">Growth.</param>
    /// <param name="capacity">What it holds at most.</param>
    /// <param name="now">Time in seconds, of any origin.</param>
    public TokenBucket(double perSecond, double capacity, double now)
    {
        _perSecond = perSecond;
        _capacity = capacity;
        _held = capacity;
        _at = now;
    }

    /// <summary>What it holds; negative in debt.</summary>
    public readonly double Held => _held;

    /// <summary>Seconds until it holds one; zero when it holds anything.</summary>
    public readonly double SecondsUntilAny => _held > 0 ? 0 : (1 - _held) / _perSecond;

    /// <summary>Seconds until it is full.</summary>
    public readonly double SecondsUntilFull => Math.Max(0, (_capacity - _held) / _perSecond);

    /// <summary>Lets time pass.</summary>
    public void MoveTo(double now)
    {
        _held = Math.Min(_capacity, _held + ((now - _at) * _perSecond));
        _at = now;
    }

    /// <summary>Takes an amount, into debt if need be.</summary>
    public void Take(double amount) => _held -= amount;
}
