namespace Millrace.Alerting.Evaluation;

/// <summary>
/// Event time of a stream, as its final windows of one size show it. The windows of one moment do not arrive at once; an end that was seen counts
/// only when the log has moved on by <see cref="SettleMs"/>, so that no series is taken for absent because another one came first.
/// </summary>
internal sealed class StreamClock
{
    /// <summary>Log time within which the windows with the same end follow each other.</summary>
    public const long SettleMs = 1000;

    // An open window that nothing follows for so long has been lost with its aggregator's log.
    private const long OpenMs = 60_000;

    private readonly Queue<(long EndMs, long SeenMs)> _unsettled = new();
    private long _latestMs = long.MinValue;
    private long _openEndMs = long.MinValue;
    private long _openSeenMs = long.MinValue;

    /// <summary>Every window that ends by this event time has come, if there is one.</summary>
    public long CompleteThroughMs { get; private set; } = long.MinValue;

    /// <summary>A final window came.</summary>
    /// <param name="endMs">Its end.</param>
    /// <param name="logMs">Log time of its record.</param>
    public void Saw(long endMs, long logMs)
    {
        if (endMs <= _latestMs) return;
        _latestMs = endMs;
        _unsettled.Enqueue((endMs, logMs));
    }

    /// <summary>A live window came: a final one will follow.</summary>
    public void SawOpen(long endMs, long logMs)
    {
        if (endMs <= _openEndMs) return;
        _openEndMs = endMs;
        _openSeenMs = logMs;
    }

    /// <summary>Up to which event time a silent stream may be judged by the clock alone: not where a window is open whose final form is yet to come.</summary>
    public long SilenceLimitMs(long throughMs, long logMs) =>
        _openEndMs > _latestMs && logMs - _openSeenMs < OpenMs ? Math.Min(throughMs, _latestMs) : throughMs;

    /// <summary>The log has moved on to a time.</summary>
    /// <returns>Whether <see cref="CompleteThroughMs"/> moved.</returns>
    public bool MoveTo(long logMs)
    {
        var moved = false;
        while (_unsettled.TryPeek(out var next) && next.SeenMs + SettleMs <= logMs)
        {
            CompleteThroughMs = next.EndMs;
            _unsettled.Dequeue();
            moved = true;
        }
        return moved;
    }
}
