using System.Buffers;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Producing;

/// <summary>
/// One call of append until all its records are answered for. The caller's memory for positions is written once, at the end, and never after the
/// caller has gone.
/// </summary>
internal sealed class AppendOperation : TaskCompletionSource
{
    private readonly Memory<LogPosition> _target;
    private readonly string _topic;
    private readonly TopicEnds _ends;
    private readonly int _count;
    private LogPosition[]? _positions;
    private int _pending;
    private int _error;
    private int _answered;

    /// <summary>Begins.</summary>
    /// <param name="topic">For the error's text.</param>
    /// <param name="ends">Learns what has become durable.</param>
    /// <param name="records">Number of records; the operation ends when it has heard of each.</param>
    /// <param name="positions">The caller's, or empty.</param>
    public AppendOperation(string topic, TopicEnds ends, int records, Memory<LogPosition> positions)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        _topic = topic;
        _ends = ends;
        _count = records;
        _target = positions;
        // One more for the caller, so that it can't end before all records are in the queue.
        _pending = records + 1;
        if (!positions.IsEmpty) _positions = ArrayPool<LogPosition>.Shared.Rent(records);
    }

    /// <summary>Number of its slot in <see cref="OperationTable"/>.</summary>
    public int Slot { get; set; }

    /// <summary>A record has been answered for.</summary>
    /// <param name="index">Which one of the call.</param>
    /// <param name="error">0 when it is durable.</param>
    /// <param name="partition">Where it is.</param>
    /// <param name="offset">Where it is.</param>
    /// <returns>Whether this was the last: the slot is free.</returns>
    public bool Answer(int index, int error, int partition, long offset)
    {
        if (error != 0)
        {
            Interlocked.CompareExchange(ref _error, error, 0);
        }
        else
        {
            _ends.Raise(partition, offset + 1);
            if (_positions is { } positions) positions[index] = new LogPosition(partition, offset);
        }

        return Release(1);
    }

    /// <summary>Records from one on were not taken by the queue; nobody will answer for them.</summary>
    /// <param name="error">Why.</param>
    /// <param name="count">How many.</param>
    public bool Refuse(int error, int count)
    {
        Interlocked.CompareExchange(ref _error, error, 0);
        // The caller need not wait for the others: nothing is promised about them.
        if (TryAnswer()) SetException(KafkaErrors.Of("Appending to " + _topic, (Confluent.Kafka.ErrorCode)error));
        return Release(count + 1);
    }

    /// <summary>All records are in the queue.</summary>
    public bool Queued() => Release(1);

    /// <summary>The caller waits no longer.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        if (TryAnswer()) SetCanceled(cancellationToken);
    }

    private bool Release(int count)
    {
        if (Interlocked.Add(ref _pending, -count) != 0) return false;
        Complete();
        return true;
    }

    private void Complete()
    {
        var positions = _positions;
        _positions = null;
        if (TryAnswer())
        {
            // Between the two the caller's memory is ours: a cancellation comes before or is too late.
            if (_error == 0) positions?.AsSpan(0, _count).CopyTo(_target.Span);
            if (_error == 0) SetResult();
            else SetException(KafkaErrors.Of("Appending to " + _topic, (Confluent.Kafka.ErrorCode)_error));
        }

        if (positions is not null) ArrayPool<LogPosition>.Shared.Return(positions);
    }

    private bool TryAnswer() => Interlocked.Exchange(ref _answered, 1) == 0;
}
