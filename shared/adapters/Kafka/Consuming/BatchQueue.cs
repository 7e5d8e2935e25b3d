using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>Batches between the thread that fetches and the reader, bounded in payload bytes: the thread waits when there is no room.</summary>
internal sealed class BatchQueue(long maxBytes) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _room = new(initialState: true);
    private readonly Queue<(LogBatch Batch, long Bytes)> _batches = new();
    private long _bytes;
    private bool _closed;

    /// <summary>Puts a batch at the end.</summary>
    public void Enqueue(LogBatch batch)
    {
        var bytes = 0L;
        foreach (ref readonly var entry in batch.Entries) bytes += entry.Key.Length + entry.Value.Length + 64;
        lock (_gate)
        {
            if (!_closed)
            {
                _batches.Enqueue((batch, bytes));
                _bytes += bytes;
                if (_bytes >= maxBytes) _room.Reset();
                return;
            }
        }

        batch.Dispose();
    }

    /// <summary>Takes the first batch, if there is one.</summary>
    public LogBatch? TryDequeue()
    {
        lock (_gate)
        {
            if (!_batches.TryDequeue(out var first)) return null;
            _bytes -= first.Bytes;
            if (_bytes <= maxBytes / 2) _room.Set();
            return first.Batch;
        }
    }

    /// <summary>Throws away what there is of a partition.</summary>
    public void Drop(int partition)
    {
        lock (_gate)
        {
            for (var left = _batches.Count; left > 0; left--)
            {
                var one = _batches.Dequeue();
                if (one.Batch.Partition != partition)
                {
                    _batches.Enqueue(one);
                    continue;
                }

                _bytes -= one.Bytes;
                one.Batch.Dispose();
            }

            if (_bytes <= maxBytes / 2) _room.Set();
        }
    }

    /// <summary>Waits until there is room.</summary>
    /// <returns>Whether there is.</returns>
    public bool WaitForRoom(TimeSpan atMost) => _room.Wait(atMost);

    /// <summary>Takes no more, and gives back what there is.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            while (_batches.TryDequeue(out var one)) one.Batch.Dispose();
            // The thread may be waiting; the event itself is left to the collector, since it may look once more.
            _room.Set();
        }
    }
}
