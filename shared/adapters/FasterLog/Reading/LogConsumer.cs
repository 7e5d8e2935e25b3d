using System.Runtime.CompilerServices;
using Millrace.Adapters.FasterLog.Groups;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Reading;

/// <summary>A reader of all partitions of a topic.</summary>
internal sealed class LogConsumer : ILogConsumer
{
    private static readonly TimeSpan _longestTimer = TimeSpan.FromDays(1);

    private readonly Topic _topic;
    private readonly ConsumerGroup? _group;
    private readonly EntryReader _reader;
    private readonly Queue<LogBatch> _ready = new();
    private readonly WakeSignal _signal = new();
    private readonly ITimer _timer;
    private readonly int _maxBatchBytes;
    private readonly long[] _position;
    private readonly long[] _completeMs;
    private readonly long _openedMs;
    private int _busy;
    private volatile bool _disposed;

    public LogConsumer(Topic topic, ConsumerGroup? group, long[] starts, int maxBatchBytes)
    {
        _topic = topic;
        _group = group;
        _maxBatchBytes = Math.Max(1, maxBatchBytes);
        _openedMs = topic.Time.GetUtcNow().ToUnixTimeMilliseconds();
        _position = [.. starts];
        _completeMs = [.. starts.Select((start, p) => topic.Index.ForOffset(p, start).LastMs[p])];
        _reader = new EntryReader(topic, starts, ConsumerStart.AddressOf(topic, starts));
        _timer = topic.Time.CreateTimer(static s => ((WakeSignal)s!).Wake(), _signal, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Assignment = [.. Enumerable.Range(0, starts.Length)];
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<int> Assignment { get; }

    /// <summary>Name of its group, if any.</summary>
    public string? Group => _group?.Name;

    /// <inheritdoc/>
    public ValueTask<LogBatch?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<LogBatch?>(cancellationToken);
        Enter();
        try
        {
            if (TryTake() is { } batch)
            {
                Leave();
                return new ValueTask<LogBatch?>(batch);
            }
        }
        catch
        {
            Leave();
            throw;
        }
        return WaitAsync(maxWait, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nextOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nextOffset, _topic.Partitions[partition].DurableNext);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _group?.CommitAsync(partition, nextOffset, cancellationToken) ?? ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public long CompleteThroughMs(int partition)
    {
        var state = _topic.Partitions[partition];
        var position = state.Normalize(Volatile.Read(ref _position[partition]));
        return Promise(partition, state.CompleteThrough(position, _topic.Time.GetUtcNow().ToUnixTimeMilliseconds()) ?? 0);
    }

    /// <inheritdoc/>
    public LogLag GetLag(int partition)
    {
        var state = _topic.Partitions[partition];
        var position = state.Normalize(Volatile.Read(ref _position[partition]));
        var records = Math.Max(0, state.DurableNext - position);
        if (records == 0) return default;
        // Exact when not far behind; else the index knows it to within the distance of two of its points, and the last record read is older.
        var appendedMs = Math.Max(
            state.RecentTime(position) ?? _topic.Index.ForOffset(partition, position).LastMs[partition], Volatile.Read(ref _completeMs[partition]));
        // Before the first point of the index nothing is known until the first read. At least this old is the record: one after it, or this reader, is no older.
        if (appendedMs <= 0) appendedMs = state.OldestRecentTime() ?? _openedMs;
        var ageMs = _topic.Time.GetUtcNow().ToUnixTimeMilliseconds() - appendedMs;
        return new LogLag(records, TimeSpan.FromMilliseconds(Math.Max(0, ageMs)));
    }

    /// <summary>Something has become durable.</summary>
    public void Wake() => _signal.Wake();

    /// <summary>The log goes down: a waiting read ends.</summary>
    public void Close()
    {
        if (_disposed) return;
        _disposed = true;
        _signal.Wake();
        if (Interlocked.CompareExchange(ref _busy, 1, 0) == 0) CleanUp();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (!_disposed) _topic.Remove(this);
        Close();
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<LogBatch?> WaitAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        try
        {
            var started = _topic.Time.GetTimestamp();
            await using var registration = cancellationToken.UnsafeRegister(static s => ((WakeSignal)s!).Wake(), _signal);
            while (true)
            {
                var left = maxWait == Timeout.InfiniteTimeSpan ? maxWait : maxWait - _topic.Time.GetElapsedTime(started);
                if (left <= TimeSpan.Zero && maxWait != Timeout.InfiniteTimeSpan) return null;
                _timer.Change(left > _longestTimer ? _longestTimer : left, Timeout.InfiniteTimeSpan);
                await _signal.WaitAsync();
                cancellationToken.ThrowIfCancellationRequested();
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (TryTake() is { } batch) return batch;
            }
        }
        finally
        {
            if (!_disposed) _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Leave();
        }
    }

    private LogBatch? TryTake()
    {
        if (_ready.Count == 0 && _reader.HasMore) _reader.Fill(_maxBatchBytes, _ready);
        if (!_ready.TryDequeue(out var batch)) return null;
        Promise(batch.Partition, batch.Entries[^1].AppendedAtMs);
        Volatile.Write(ref _position[batch.Partition], batch.NextOffset);
        return batch;
    }

    /// <summary>What has been promised once is never taken back.</summary>
    private long Promise(int partition, long completeMs)
    {
        ref var promised = ref _completeMs[partition];
        for (var known = Volatile.Read(ref promised); ; known = Volatile.Read(ref promised))
        {
            if (completeMs <= known) return known;
            if (Interlocked.CompareExchange(ref promised, completeMs, known) == known) return completeMs;
        }
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
            throw new InvalidOperationException("This consumer is being read already; it is for one reader at a time.");
    }

    private void Leave()
    {
        if (_disposed)
        {
            CleanUp();
            return;
        }
        Volatile.Write(ref _busy, 0);
        // Disposed meanwhile, and the one who did it saw us still busy.
        if (_disposed && Interlocked.CompareExchange(ref _busy, 1, 0) == 0) CleanUp();
    }

    private void CleanUp()
    {
        _reader.Dispose();
        while (_ready.TryDequeue(out var batch)) batch.Dispose();
        _timer.Dispose();
        _group?.Leave();
    }
}
