using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>
/// What a reader knows of a partition it reads: how far it has fetched, how far it has given records out, where the end was when last asked, and
/// what log time is complete. The lock is held for a handful of instructions.
/// </summary>
/// <param name="partition">Its number.</param>
/// <param name="start">Offset of the first record to read.</param>
/// <param name="committed">The group's position, or -1.</param>
internal sealed class PartitionState(int partition, long start, long committed)
{
    private readonly Lock _gate = new();
    private readonly Queue<(long Next, long FirstMs)> _waiting = new();
    private long _fetched = start;
    private long _delivered = start;
    private long _end = start;
    private long _lastMs;
    private long _promisedMs;
    private long _observedEnd = long.MaxValue;
    private long _observedMs;
    private long _behindSinceMs;

    /// <summary>Number of the partition.</summary>
    public int Partition => partition;

    /// <summary>Offset of the first record to read.</summary>
    public long Start { get; } = start;

    /// <summary>The group's position as far as this reader knows, or -1.</summary>
    public long Committed { get; set; } = committed;

    /// <summary>Log time of a fetched record: its own, unless an earlier one of the partition was later, or a later time was promised already.</summary>
    /// <param name="timestampMs">The record's timestamp.</param>
    /// <param name="brokenBy">By how much it lies before a promise.</param>
    public long LogTime(long timestampMs, out long brokenBy)
    {
        lock (_gate)
        {
            brokenBy = _promisedMs - Math.Max(timestampMs, _lastMs);
            return _lastMs = Math.Max(Math.Max(timestampMs, _lastMs), _promisedMs);
        }
    }

    /// <summary>A batch waits for the reader.</summary>
    public void Fetched(long nextOffset, long firstMs)
    {
        lock (_gate)
        {
            _fetched = nextOffset;
            _waiting.Enqueue((nextOffset, firstMs));
            Behind(firstMs);
        }
    }

    /// <summary>Everything before an offset has been fetched; there may be a gap before it that holds no records.</summary>
    public void ReachedEnd(long offset)
    {
        lock (_gate)
        {
            if (offset < _fetched) return;
            _fetched = offset;
            if (_waiting.Count == 0) Deliver(offset);
        }
    }

    /// <summary>The reader has taken a batch.</summary>
    public void Delivered(LogBatch batch)
    {
        lock (_gate)
        {
            if (_waiting.Count > 0) _waiting.Dequeue();
            Promise(batch.Entries[^1].AppendedAtMs);
            Deliver(_waiting.Count == 0 ? Math.Max(_fetched, batch.NextOffset) : batch.NextOffset);
        }
    }

    /// <summary>The brokers have named the partition's end.</summary>
    /// <param name="end">Offset of the next record.</param>
    /// <param name="askedMs">When the question was put: what was appended before lies before <paramref name="end"/>.</param>
    /// <param name="skewMs">How far the brokers' clock may be behind ours.</param>
    public void Observe(long end, long askedMs, long skewMs)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, end);
            Behind(askedMs);
            _observedEnd = end;
            _observedMs = askedMs - skewMs;
            if (_delivered >= end) Promise(_observedMs);
        }
    }

    /// <summary>The end lies at least here.</summary>
    public void KnowEnd(long end, long nowMs)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, end);
            Behind(nowMs);
        }
    }

    /// <summary>See <see cref="ILogConsumer.CompleteThroughMs"/>.</summary>
    public long CompleteThroughMs()
    {
        lock (_gate) return _promisedMs;
    }

    /// <summary>See <see cref="ILogConsumer.GetLag"/>. The age is that of the oldest record that waits here, or else how long there has been one.</summary>
    public LogLag Lag(long nowMs)
    {
        lock (_gate)
        {
            var records = Math.Max(0, _end - _delivered);
            if (records == 0) return default;
            var since = _waiting.TryPeek(out var first) ? first.FirstMs : _behindSinceMs;
            return new LogLag(records, TimeSpan.FromMilliseconds(Math.Max(0, nowMs - since)));
        }
    }

    private void Behind(long sinceMs)
    {
        if (_behindSinceMs == 0 && Math.Max(_end, _fetched) > _delivered) _behindSinceMs = sinceMs;
    }

    private void Deliver(long next)
    {
        _delivered = Math.Max(_delivered, next);
        _end = Math.Max(_end, _delivered);
        _behindSinceMs = _delivered >= _end ? 0 : _waiting.TryPeek(out var first) ? first.FirstMs : Math.Max(_behindSinceMs, _promisedMs);
        if (_delivered >= _observedEnd) Promise(_observedMs);
    }

    /// <summary>What has been promised once is never taken back.</summary>
    private void Promise(long completeMs) => _promisedMs = Math.Max(_promisedMs, completeMs);
}
