namespace Millrace.Verify.Load;

/// <summary>The checker's own clock, and what it knows of the target's.</summary>
internal sealed class RunClock(TimeProvider time)
{
    /// <summary>
    /// An event that is acknowledged within so many milliseconds is never late: windows wait 10 s beyond their end, and the log's clock is no
    /// further than the acknowledgement.
    /// </summary>
    public const long SurelyInTimeMs = 10_000;

    private int _jumped;

    /// <summary>Milliseconds since 1970.</summary>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether the target's clock was set by a fault: what is late from then on the checker can't foretell.</summary>
    public bool HasJumped => Volatile.Read(ref _jumped) != 0;

    /// <summary>The target's clock jumps now.</summary>
    public void Jump() => Volatile.Write(ref _jumped, 1);
}
