namespace Millrace.Alerting.Evaluation;

/// <summary>
/// Event time of a stream, as its final windows of one size show it. The windows of one moment do not arrive at once; an end that was seen counts
/// only when the log has moved on by <see cref="SettleMs"/>, so that no series is taken for absent because another one came first.
/// </summary>
internal sealed class StreamClock
{
    /// <summary>Log time within which the windows with the same end follow each other.</summary>
    public const long SettleMs = 1000;

    private readonly Queue<(long EndMs, long SeenMs)> _unsettled = new();
    private long _latestMs = long.MinValue;

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
