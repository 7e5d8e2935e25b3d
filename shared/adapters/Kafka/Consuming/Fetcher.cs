using Confluent.Kafka;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>
/// The thread of a reader: it alone asks librdkafka for records and serves its rebalances. What it fetches goes to a bounded queue; while that is full
/// the partitions pause.
/// </summary>
internal sealed class Fetcher
{
    private static readonly TimeSpan _pollTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _fullTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestCollecting = TimeSpan.FromMilliseconds(5);

    private readonly ConsumerContext _context;
    private readonly BatchQueue _queue;
    private readonly BatchBuilder _builder;
    private readonly Assignments _assignments;
    private readonly IRebalanceListener _listener;
    private readonly string _name;
    private readonly Action<LogBatch> _ready;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private volatile bool _stopping;
    private volatile bool _leaving = true;
    private volatile bool _paused;
    private bool _flowing;

    public Fetcher(ConsumerContext context, string topic, LogConsumerOptions options, BatchQueue queue, Assignments assignments, IRebalanceListener listener)
    {
        _context = context;
        _queue = queue;
        _assignments = assignments;
        _listener = listener;
        _name = context.Options.NameOf(topic);
        var deserializer = new ArenaDeserializer();
        _builder = new BatchBuilder(deserializer, options.MaxBatchBytes);
        _ready = Hand;
        Consumer = new ConsumerBuilder<Slice, Slice>(ClientProperties.Consumer(context.Options, options.Group, topic))
            .SetKeyDeserializer(deserializer)
            .SetValueDeserializer(deserializer)
            .SetLogHandler((_, message) => ClientLogging.Write(context.Logger, message))
            .SetErrorHandler((_, error) => Log.ClientError(context.Logger, "consumer of " + _name, error.Code.ToString(), error.Reason))
            .SetPartitionsAssignedHandler((_, partitions) => OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => OnRevoked(partitions))
            .SetPartitionsLostHandler((_, partitions) => OnRevoked(partitions))
            .Build();
        _thread = new Thread(Run) { IsBackground = true, Name = "kafka-" + _name };
    }

    /// <summary>librdkafka's consumer; its commits are safe beside the thread.</summary>
    public IConsumer<Slice, Slice> Consumer { get; }

    /// <summary>Whether the partitions wait for the reader.</summary>
    public bool IsPaused => _paused;

    /// <summary>Ends when the thread has, and the consumer is closed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Starts as a member of the group.</summary>
    public void Subscribe()
    {
        Consumer.Subscribe(_name);
        _thread.Start();
    }

    /// <summary>Starts with partitions of the reader's own choice.</summary>
    public void Assign(IEnumerable<PartitionState> states)
    {
        _assignments.Add(states);
        Consumer.Assign(_assignments.All.Select(state => new TopicPartitionOffset(_name, state.Partition, state.Start)));
        _thread.Start();
    }

    /// <summary>Ends the thread.</summary>
    /// <param name="leave">Whether to leave the group at once, rather than when the session has run out.</param>
    public void Stop(bool leave = true)
    {
        _leaving = leave;
        _stopping = true;
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted)) _thread.Start();
    }

    private void Run()
    {
        Exception? failure = null;
        try
        {
            while (!_stopping) Step();
        }
        catch (Exception e)
        {
            failure = e;
        }

        if (failure is not null) _listener.Failed(failure);
        Close();
        _ended.TrySetResult();
    }

    private void Step()
    {
        Regulate();
        var started = _context.Time.GetTimestamp();
        var wait = _pollTime;
        while (Consumer.Consume(wait) is { } result)
        {
            Take(result);
            if (_builder.IsFull || _context.Time.GetElapsedTime(started) > _longestCollecting) break;
            wait = TimeSpan.Zero;
        }

        _builder.Flush(_ready);
    }

    /// <summary>
    /// Waits a moment for room. A reader that only stutters is not worth a pause, which throws away what was fetched ahead; while it lasts rebalances
    /// must be served, so that the waiting has an end.
    /// </summary>
    private void Regulate()
    {
        if (_queue.WaitForRoom(_paused ? TimeSpan.Zero : _fullTime))
        {
            // A partition that went away while it was paused is still paused when it comes back.
            if (!_paused && !_flowing) return;
            Consumer.Resume(Consumer.Assignment);
            _paused = _flowing = false;
        }
        else if (!_paused || _flowing)
        {
            Consumer.Pause(Consumer.Assignment);
            _paused = true;
            _flowing = false;
        }
    }

    private void Take(ConsumeResult<Slice, Slice> result)
    {
        var state = _assignments.Find(result.Partition.Value);
        if (result.IsPartitionEOF)
        {
            _builder.Flush(_ready);
            state?.ReachedEnd(result.Offset.Value);
        }
        else if (state is null)
        {
            _builder.Discard(result);
        }
        else
        {
            var logTime = state.LogTime(result.Message.Timestamp.UnixTimestampMs, out var brokenBy);
            if (brokenBy > 0) Log.PromiseBroken(_context.Logger, _name, state.Partition, result.Offset.Value, brokenBy);
            _builder.Add(result, logTime, _ready);
        }
    }

    private void Hand(LogBatch batch)
    {
        if (_assignments.Find(batch.Partition) is not { } state)
        {
            batch.Dispose();
            return;
        }

        state.Fetched(batch.NextOffset, batch.Entries[0].AppendedAtMs);
        _queue.Enqueue(batch);
        _listener.Arrived();
    }

    private List<TopicPartitionOffset> OnAssigned(List<TopicPartition> partitions)
    {
        // Partitions that come during a pause are not paused yet, and those that went away during one still are.
        _flowing = true;
        var committed = Consumer.Committed(partitions, _pollTime * 100).ToDictionary(p => p.Partition.Value, p => p.Offset.Value);
        var states = _listener.Assigned([.. partitions.Select(p => (p.Partition.Value, committed.TryGetValue(p.Partition.Value, out var offset) && offset >= 0 ? offset : (long?)null))]);
        _assignments.Add(states);
        return [.. states.Select(state => new TopicPartitionOffset(_name, state.Partition, state.Start))];
    }

    private void OnRevoked(List<TopicPartitionOffset> partitions)
    {
        int[] gone = [.. partitions.Select(p => p.Partition.Value)];
        foreach (var partition in gone)
        {
            _builder.Drop(partition);
            _queue.Drop(partition);
        }

        // Until the reader has heard of it, it may still commit the batch that it has in hand, so that nobody reads that again. At the end of the reader
        // its partitions go to nobody in particular yet, and it knows by itself.
        if (!_stopping) _listener.Revoked(gone);
        _assignments.Remove(gone);
    }

    private void Close()
    {
        _stopping = true;
        try
        {
            if (_leaving) Consumer.Close();
        }
        catch (KafkaException e)
        {
            Log.CloseFailed(_context.Logger, _name, e.Error.Code.ToString());
        }

        Consumer.Dispose();
        _builder.Release();
        _queue.Dispose();
    }
}

/// <summary>Who is told what happens on the fetching thread.</summary>
internal interface IRebalanceListener
{
    /// <summary>Partitions have come, with the group's positions; answers where to begin.</summary>
    IReadOnlyList<PartitionState> Assigned(IReadOnlyList<(int Partition, long? Committed)> partitions);

    /// <summary>Partitions have gone.</summary>
    void Revoked(IReadOnlyList<int> partitions);

    /// <summary>A batch lies in the queue.</summary>
    void Arrived();

    /// <summary>The thread ends, for this reason.</summary>
    void Failed(Exception exception);
}
