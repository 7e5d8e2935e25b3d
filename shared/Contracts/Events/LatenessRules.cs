namespace Millrace.Contracts.Events;

/// <summary>
/// When an event is late: the arithmetic of watermarks, one for each stream of a tenant, as a function of the log alone. Aggregator and archiver use the same, so
/// the one's verdict is the other's. Times are milliseconds since 1970; log time is what the log stamped on the record.
/// </summary>
/// <param name="PaneMs">Size of the smallest window.</param>
/// <param name="OutOfOrdernessMs">How far the watermark lies behind the newest event of the stream.</param>
/// <param name="IdleTimeoutMs">Silence after which log time carries the watermark on.</param>
/// <param name="AllowedLatenessMs">How long after its end a window still takes events.</param>
public readonly record struct LatenessRules(long PaneMs, long OutOfOrdernessMs, long IdleTimeoutMs, long AllowedLatenessMs)
{
    /// <summary>The watermark of a stream that is silent, or was never seen.</summary>
    public long Idle(long logTimeMs) => logTimeMs - IdleTimeoutMs - OutOfOrdernessMs;

    /// <summary>Whether a stream whose last record came at a time is silent at another.</summary>
    public bool IsIdle(long lastRecordMs, long logTimeMs) => logTimeMs - lastRecordMs > IdleTimeoutMs;

    /// <summary>The watermark that a record finds: after a silence, log time has carried it on.</summary>
    public long Found(long watermarkMs, long lastRecordMs, long logTimeMs) =>
        IsIdle(lastRecordMs, logTimeMs) ? Math.Max(watermarkMs, Idle(logTimeMs)) : watermarkMs;

    /// <summary>Whether an event comes after its window was given up.</summary>
    public bool IsLate(long timeMs, long watermarkMs) => Floor(timeMs, PaneMs) + PaneMs + AllowedLatenessMs <= watermarkMs;

    /// <summary>The watermark after an event that is neither late nor a duplicate. The event's time counts no further than the log's clock.</summary>
    public long After(long watermarkMs, long timeMs, long logTimeMs) => Math.Max(watermarkMs, Math.Min(timeMs, logTimeMs) - OutOfOrdernessMs);

    private static long Floor(long timeMs, long size)
    {
        var rest = timeMs % size;
        return rest < 0 ? timeMs - rest - size : timeMs - rest;
    }
}
