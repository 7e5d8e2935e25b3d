using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>
/// Offsets and clock of one partition. The writer assigns, readers ask; the lock is held for a handful of instructions.
/// </summary>
internal sealed class Partition
{
    private const int History = 256;

    private readonly Lock _gate = new();
    private readonly (long Offset, long AppendedAtMs)[] _recent = new (long, long)[History];
    private long _recentCount;
    private bool _writing;
    private long _next;
    private long _durableNext;
    private long _earliest;
    private long _lastMs;
    private long _gapStart;
    private long _gapEnd;

    /// <summary>Offset after the last durable record.</summary>
    public long DurableNext => Volatile.Read(ref _durableNext);

    /// <summary>Offset of the oldest retained record, or the end when there is none.</summary>
    public long Earliest => Volatile.Read(ref _earliest);

    /// <summary>Bounds as the port knows them.</summary>
    public PartitionInfo Info(int number)
    {
        lock (_gate) return new PartitionInfo(number, _earliest, _durableNext);
    }

    /// <summary>Sets the state that recovery found.</summary>
    /// <param name="next">Offset of the next record.</param>
    /// <param name="gapStart">Offsets from here to <paramref name="next"/> belonged to records that are lost; equal to it when nothing was.</param>
    /// <param name="earliest">Offset of the oldest record.</param>
    /// <param name="lastMs">Log time of the last record; the clock never falls below any value it has shown.</param>
    public void Restore(long next, long gapStart, long earliest, long lastMs)
    {
        lock (_gate)
        {
            _next = _durableNext = next;
            _gapStart = gapStart;
            _gapEnd = next;
            _earliest = Math.Min(earliest, next);
            _lastMs = Math.Max(_lastMs, lastMs);
            _writing = false;
        }
    }

    /// <summary>Begins a write: from here until <see cref="Published"/> or <see cref="Restore"/> the log time stands at the answered value.</summary>
    public long BeginWrite(long nowMs)
    {
        lock (_gate)
        {
            _writing = true;
            return _lastMs = Math.Max(_lastMs, nowMs);
        }
    }

    /// <summary>The writer's records up to <paramref name="next"/> are durable.</summary>
    public void Published(long first, long next, long appendedAtMs)
    {
        lock (_gate)
        {
            _recent[_recentCount++ % History] = (first, appendedAtMs);
            _next = next;
            Volatile.Write(ref _durableNext, next);
            _writing = false;
        }
    }

    /// <summary>The write failed: its offsets are free again, the clock stays.</summary>
    public void AbandonWrite()
    {
        lock (_gate) _writing = false;
    }

    /// <summary>Retention has dropped what is before.</summary>
    public void DropBefore(long earliest)
    {
        lock (_gate) _earliest = Math.Max(_earliest, Math.Min(earliest, _next));
    }

    /// <summary>Where a reader at an offset stands really: past the offsets that were lost with a damaged tail.</summary>
    public long Normalize(long offset)
    {
        lock (_gate) return offset >= _gapStart && offset < _gapEnd ? _gapEnd : offset;
    }

    /// <summary>
    /// When a reader at an offset has everything, the current log time, below which nothing will be appended from now on; otherwise
    /// <see langword="null"/>.
    /// </summary>
    public long? CompleteThrough(long offset, long nowMs)
    {
        lock (_gate)
        {
            if (_writing || offset < _next) return null;
            return _lastMs = Math.Max(_lastMs, nowMs);
        }
    }

    /// <summary>Log time of the newest group of appends that begins at or before an offset, or <see langword="null"/> when it is too long ago.</summary>
    public long? RecentTime(long offset)
    {
        lock (_gate)
        {
            for (var i = _recentCount - 1; i >= Math.Max(0, _recentCount - History); i--)
            {
                var recent = _recent[i % History];
                if (recent.Offset <= offset) return recent.AppendedAtMs;
            }
            return null;
        }
    }

    /// <summary>The oldest time that is remembered, of a record no older than any before it; <see langword="null"/> when nothing was appended since the log was opened.</summary>
    public long? OldestRecentTime()
    {
        lock (_gate) return _recentCount == 0 ? null : _recent[Math.Max(0, _recentCount - History) % History].AppendedAtMs;
    }

    /// <summary>
    /// Offset of the first record at or after a log time, when that was not long ago, and the end when there is none; otherwise
    /// <see langword="null"/>. All records of a group of appends share their time.
    /// </summary>
    public long? RecentOffset(long appendedAtMs)
    {
        lock (_gate)
        {
            // While a write is under way the clock may already show its time, but none of its records counts yet.
            var found = _durableNext;
            if (appendedAtMs > _lastMs) return found;
            for (var i = _recentCount - 1; i >= Math.Max(0, _recentCount - History); i--)
            {
                var recent = _recent[i % History];
                if (recent.AppendedAtMs < appendedAtMs) return found;
                found = recent.Offset;
            }
            return null;
        }
    }

    /// <summary>For the checkpoint: start of lost offsets right before the end, or the end itself.</summary>
    public long TrailingGapStart
    {
        get
        {
            lock (_gate) return _durableNext == _gapEnd ? _gapStart : _durableNext;
        }
    }

    /// <summary>The log clock as last shown.</summary>
    public long LastMs
    {
        get
        {
            lock (_gate) return _lastMs;
        }
    }
}
