using Millrace.Ports.EventLog;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>
/// How far this instance has read a topic. Positions are those of publications: one more than the offset of the last record read, in other words
/// the offset of the next one.
/// </summary>
internal sealed class TopicState(string topic)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(int Partition, long Position, TaskCompletionSource Reached)> _waiting = [];
    private long[] _positions = [];
    private long[] _floors = [];
    private volatile string _epoch = "";

    public string Topic => topic;

    /// <summary>Epoch of the topic, empty before it was first read.</summary>
    public string Epoch => _epoch;

    /// <summary>Completes when the reader has reached what was the end at its start.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Partitions of the topic, 0 before it was first read.</summary>
    public int Partitions
    {
        get
        {
            lock (_gate) return _positions.Length;
        }
    }

    /// <summary>Takes over what the log says, at the first start and whenever the reader starts again.</summary>
    /// <param name="info">The topic.</param>
    /// <param name="starts">Where reading begins in each partition, for a topic that is new or was made anew.</param>
    /// <returns>Whether positions of before mean nothing any more.</returns>
    public bool Begin(TopicInfo info, IReadOnlyList<long> starts)
    {
        lock (_gate)
        {
            if (string.Equals(_epoch, info.Epoch, StringComparison.Ordinal) && _positions.Length == starts.Count) return false;
            var changed = _epoch.Length > 0;
            _positions = [.. starts];
            _floors = [.. starts];
            _epoch = info.Epoch;
            return changed;
        }
    }

    public void MarkReady() => _ready.TrySetResult();

    /// <summary>Position in a partition.</summary>
    public long Position(int partition)
    {
        lock (_gate) return _positions[partition];
    }

    /// <summary>A position that no partition is behind of; for channels whose partition nobody knows yet.</summary>
    public long LeastPosition
    {
        get
        {
            lock (_gate) return _positions.Length == 0 ? 0 : _positions.Min();
        }
    }

    /// <summary>All positions.</summary>
    public long[] Positions()
    {
        lock (_gate) return [.. _positions];
    }

    /// <summary>Position from which on everything in a partition was read and is kept by whichever channel it belongs to.</summary>
    public long Floor(int partition)
    {
        lock (_gate) return _floors[partition];
    }

    /// <summary>A position that is complete in every partition.</summary>
    public long GreatestFloor
    {
        get
        {
            lock (_gate) return _floors.Length == 0 ? 0 : _floors.Max();
        }
    }

    /// <summary>A channel of the partition was forgotten: up to here nobody can tell any more what was in it.</summary>
    public void RaiseFloor(int partition, long to)
    {
        lock (_gate) _floors[partition] = Math.Max(_floors[partition], to);
    }

    /// <summary>All records before a position have been published.</summary>
    public void Advance(int partition, long to)
    {
        lock (_gate)
        {
            _positions[partition] = Math.Max(_positions[partition], to);
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                var waiting = _waiting[i];
                if (waiting.Partition != partition || waiting.Position > to) continue;
                _waiting.RemoveAt(i);
                waiting.Reached.TrySetResult();
            }
        }
    }

    /// <summary>Completes when a partition has been read up to a position, at the latest after a time.</summary>
    public async Task WaitAsync(int partition, long position, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            if (partition >= _positions.Length || _positions[partition] >= position) return;
            reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((partition, position, reached));
        }

        try
        {
            await reached.Task.WaitAsync(timeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            lock (_gate) _waiting.RemoveAll(w => ReferenceEquals(w.Reached, reached));
        }
    }
}
