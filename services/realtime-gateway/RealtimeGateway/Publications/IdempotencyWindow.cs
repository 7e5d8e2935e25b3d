namespace Millrace.RealtimeGateway.Publications;

/// <summary>
/// Which idempotency keys came in the last while, of one partition of the publications' topic. A key repeats an earlier one when the same stands on a record that
/// is no more than the horizon of log time older, whether or not that was a repetition itself: so whoever begins to read one horizon earlier comes to the same
/// verdicts, and every gateway drops the same records. Thread-safe.
/// </summary>
internal sealed class IdempotencyWindow(int capacity, TimeSpan horizon)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, (long First, long LastMs)> _known = [];
    private readonly Queue<(UInt128 Id, long AtMs)> _order = new();
    private readonly long _horizonMs = (long)horizon.TotalMilliseconds;
    private long _nowMs;

    /// <summary>Records remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _order.Count;
        }
    }

    /// <summary>Notes the next record.</summary>
    /// <param name="id">Of channel and key.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="atMs">Its log time.</param>
    /// <returns>Offset of the one that it repeats, <see langword="null"/> when it is the first.</returns>
    public long? Observe(UInt128 id, long offset, long atMs)
    {
        lock (_gate)
        {
            Advance(atMs);
            _order.Enqueue((id, atMs));
            var repeats = _known.TryGetValue(id, out var known);
            _known[id] = (repeats ? known.First : offset, atMs);
            if (_order.Count > capacity) Forget();
            return repeats ? known.First : null;
        }
    }

    /// <summary>Offset of the first record with an id that is remembered.</summary>
    public long? Find(UInt128 id)
    {
        lock (_gate) return _known.TryGetValue(id, out var known) && known.LastMs >= _nowMs - _horizonMs ? known.First : null;
    }

    private void Advance(long nowMs)
    {
        _nowMs = Math.Max(_nowMs, nowMs);
        while (_order.TryPeek(out var oldest) && oldest.AtMs < _nowMs - _horizonMs) Forget();
    }

    private void Forget()
    {
        var (id, atMs) = _order.Dequeue();
        // A newer record of the same key keeps it alive.
        if (_known.TryGetValue(id, out var known) && known.LastMs == atMs) _known.Remove(id);
    }
}
