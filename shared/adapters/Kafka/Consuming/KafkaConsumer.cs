using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Millrace.Adapters.Kafka.Producing;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>A reader of a topic: the partitions that its group gives it, or all of them.</summary>
internal sealed class KafkaConsumer : ILogConsumer, IRebalanceListener
{
    // Long enough for a group whose other members must first give something up or be found dead; a member without partitions opens after it, too.
    private static readonly TimeSpan _joinTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _closeTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _longestTimer = TimeSpan.FromDays(1);

    private readonly ConsumerContext _context;
    private readonly LogConsumerOptions _options;
    private readonly TopicEnds _ends;
    private readonly Action<KafkaConsumer> _closed;
    private readonly WakeSignal _signal = new();
    private readonly BatchQueue _queue;
    private readonly Assignments _assignments = new();
    private readonly ReaderCalls _calls;
    private readonly Fetcher _fetcher;
    private readonly Committer _committer;
    private readonly CancellationTokenSource _life = new();
    private readonly ITimer _timer;
    private volatile ExceptionDispatchInfo? _failure;
    private volatile bool _joined;
    private int _busy;
    private int _disposed;

    public KafkaConsumer(ConsumerContext context, string topic, LogConsumerOptions options, TopicEnds ends, Action<KafkaConsumer> closed)
    {
        _context = context;
        Topic = topic;
        _options = options;
        _ends = ends;
        _closed = closed;
        _queue = new BatchQueue(Math.Max(4L << 20, 4L * options.MaxBatchBytes));
        _calls = new ReaderCalls(_signal.Wake);
        _timer = context.Time.CreateTimer(static s => ((WakeSignal)s!).Wake(), _signal, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _fetcher = new Fetcher(context, topic, options, _queue, _assignments, this);
        _committer = new Committer(context, topic, options.Group, _fetcher.Consumer, _assignments);
    }

    /// <summary>Its topic.</summary>
    public string Topic { get; }

    /// <summary>Name of its group, if any.</summary>
    public string? Group => _options.Group;

    /// <inheritdoc/>
    public IReadOnlyCollection<int> Assignment => _assignments.Partitions;

    /// <summary>Whether its partitions wait for the reader.</summary>
    internal bool IsPaused => _fetcher.IsPaused;

    /// <summary>Its partitions, as the brokers know them.</summary>
    public IEnumerable<TopicPartition> TopicPartitions => Assignment.Select(p => new TopicPartition(_context.Options.NameOf(Topic), p));

    /// <summary>Begins to read: joins the group and waits for its partitions, or takes all.</summary>
    public async ValueTask StartAsync(int partitions, CancellationToken cancellationToken)
    {
        if (_options.Group is not null)
        {
            _fetcher.Subscribe();
            await WaitAsync(() => _joined, _joinTime, cancellationToken);
            return;
        }

        var states = await ConsumerStart.ResolveAsync(
            _context, Topic, _options, [.. Enumerable.Range(0, partitions).Select(p => (p, (long?)null))], cancellationToken);
        _fetcher.Assign(states);
        _joined = true;
    }

    /// <inheritdoc/>
    public ValueTask<LogBatch?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<LogBatch?>(cancellationToken);
        Enter();
        if (!_calls.HasPending && TryTake() is { } batch)
        {
            Leave();
            return new ValueTask<LogBatch?>(batch);
        }

        return ReadSlowlyAsync(maxWait, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nextOffset);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _options.Group is null ? ValueTask.CompletedTask : _committer.CommitAsync(partition, nextOffset, cancellationToken);
    }

    /// <inheritdoc/>
    public long CompleteThroughMs(int partition) => _assignments.Find(partition)?.CompleteThroughMs() ?? 0;

    /// <inheritdoc/>
    public LogLag GetLag(int partition)
    {
        if (_assignments.Find(partition) is not { } state) return default;
        var nowMs = NowMs();
        state.KnowEnd(_ends.Get(partition), nowMs);
        return state.Lag(nowMs);
    }

    /// <summary>The brokers have named a partition's end.</summary>
    public void Observe(int partition, long end, long askedMs) =>
        _assignments.Find(partition)?.Observe(end, askedMs, (long)_context.Options.MaxClockSkew.TotalMilliseconds);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => EndAsync(leave: true);

    /// <summary>Ends as a killed process does: without a word to the group.</summary>
    internal ValueTask KillAsync() => EndAsync(leave: false);

    /// <inheritdoc/>
    IReadOnlyList<PartitionState> IRebalanceListener.Assigned(IReadOnlyList<(int Partition, long? Committed)> partitions)
    {
        Log.Assigned(_context.Logger, Group!, Topic, string.Join(' ', partitions.Select(p => p.Partition)));
        IReadOnlyList<PartitionState> states = [];
        if (partitions.Count > 0) _calls.Run(async () => states = await ConsumerStart.ResolveAsync(_context, Topic, _options, partitions, _life.Token));
        _joined = true;
        _signal.Wake();
        // The reader has gone meanwhile; librdkafka wants an answer all the same.
        return states.Count == partitions.Count ? states : [.. partitions.Select(p => new PartitionState(p.Partition, p.Committed ?? 0, p.Committed ?? -1))];
    }

    /// <inheritdoc/>
    void IRebalanceListener.Revoked(IReadOnlyList<int> partitions)
    {
        Log.Revoked(_context.Logger, Group!, Topic, string.Join(' ', partitions));
        // Without a callback, too: the reader shall be done with what it has in hand.
        _calls.Run(async () =>
        {
            if (_options.OnRevoked is not { } revoked) return;
            foreach (var partition in partitions) await revoked(partition);
        });
    }

    /// <inheritdoc/>
    void IRebalanceListener.Arrived() => _signal.Wake();

    /// <inheritdoc/>
    void IRebalanceListener.Failed(Exception exception)
    {
        if (_disposed != 0) return;
        Log.ConsumerFailed(_context.Logger, Topic, exception);
        var told = exception switch
        {
            KafkaException kafka => KafkaErrors.Of($"Reading {Topic}", kafka),
            _ => exception,
        };
        _failure = ExceptionDispatchInfo.Capture(told);
        _signal.Wake();
    }

    private async ValueTask EndAsync(bool leave)
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _closed(this);
        _fetcher.Stop(leave);
        await _life.CancelAsync();
        _calls.Dispose();
        _queue.Dispose();
        _signal.Wake();
        try
        {
            await _fetcher.Ended.WaitAsync(_closeTime, _context.Time);
        }
        catch (TimeoutException)
        {
            Log.ConsumerStuck(_context.Logger, Topic);
        }

        await _timer.DisposeAsync();
        _committer.Dispose();
        _life.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<LogBatch?> ReadSlowlyAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        try
        {
            LogBatch? batch = null;
            await WaitAsync(() => (batch = TryTake()) is not null, maxWait, cancellationToken);
            return batch;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Runs callbacks and waits until a condition holds, the time has passed, or the reader can't go on.</summary>
    private async ValueTask WaitAsync(Func<bool> condition, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var started = _context.Time.GetTimestamp();
        await using var registration = cancellationToken.UnsafeRegister(static s => ((WakeSignal)s!).Wake(), _signal);
        while (true)
        {
            await _calls.RunPendingAsync();
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            if (condition()) return;
            _failure?.Throw();
            var left = maxWait == Timeout.InfiniteTimeSpan ? _longestTimer : maxWait - _context.Time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return;
            _timer.Change(left > _longestTimer ? _longestTimer : left, Timeout.InfiniteTimeSpan);
            await _signal.WaitAsync();
        }
    }

    private LogBatch? TryTake()
    {
        while (_queue.TryDequeue() is { } batch)
        {
            if (_assignments.Find(batch.Partition) is not { } state)
            {
                batch.Dispose();
                continue;
            }

            state.Delivered(batch);
            _context.Metrics.Read(Topic, batch.Count);
            return batch;
        }

        return null;
    }

    private long NowMs() => _context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
            throw new InvalidOperationException("This consumer is being read already; it is for one reader at a time.");
    }

    private void Leave() => Volatile.Write(ref _busy, 0);
}
