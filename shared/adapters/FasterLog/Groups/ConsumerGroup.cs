using Millrace.Adapters.FasterLog.Storage;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Groups;

/// <summary>A group of one topic: its positions, and whether somebody reads for it now. Safe from any thread.</summary>
internal sealed class ConsumerGroup : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _io = new();
    private readonly GroupFile _file;
    private readonly TimeProvider _time;
    private readonly long[] _wanted;
    private GroupPositions _stored;
    private TaskCompletionSource? _nextRound;
    private bool _writing;
    private bool _closed;

    private ConsumerGroup(string topic, string name, GroupFile file, GroupPositions stored, TimeProvider time)
    {
        Topic = topic;
        Name = name;
        _file = file;
        _time = time;
        _stored = stored;
        _wanted = [.. stored.Committed];
    }

    /// <summary>Its topic.</summary>
    public string Topic { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether a consumer reads for the group.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Wall clock of its last commit or opening.</summary>
    public long UpdatedMs
    {
        get
        {
            lock (_gate) return _stored.UpdatedMs;
        }
    }

    /// <summary>Opens a group's positions, or begins a group without any.</summary>
    public static ConsumerGroup Open(string directory, string topic, string name, int partitions, IDiskIo disk, TimeProvider time)
    {
        var file = GroupFile.Open(directory, name, disk);
        var none = new long[partitions];
        Array.Fill(none, -1);
        var stored = file.Read(partitions) ?? new GroupPositions(0, time.GetUtcNow().ToUnixTimeMilliseconds(), none, [.. none]);
        return new ConsumerGroup(topic, name, file, stored, time);
    }

    /// <summary>Makes the caller the group's reader.</summary>
    /// <returns><see langword="false"/> when it has one.</returns>
    public bool TryJoin()
    {
        lock (_gate) return !IsOpen && (IsOpen = true);
    }

    /// <summary>The reader has gone.</summary>
    public void Leave()
    {
        lock (_gate) IsOpen = false;
    }

    /// <summary>The durable position in a partition, if there is one.</summary>
    public long? Committed(int partition)
    {
        lock (_gate) return _stored.Committed[partition] is var offset and >= 0 ? offset : null;
    }

    /// <summary>By partition: the first record that must be kept for the group; 0 where it has not begun.</summary>
    public long[] Holds()
    {
        lock (_gate) return [.. _stored.Committed.Zip(_stored.Floor, (committed, floor) => committed >= 0 ? committed : Math.Max(floor, 0))];
    }

    /// <summary>Holds back retention where the group begins to read without a commit. Durable on return.</summary>
    public void Begin(long[] starts)
    {
        try
        {
            Store(stored => stored with { Floor = [.. starts.Select((start, p) => stored.Committed[p] >= 0 ? -1 : start)] });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EventLogException($"Group '{Name}' could not be opened in {Topic}: {e.Message}", retryable: true, e);
        }
    }

    /// <summary>Moves the position in a partition forward, durably. Commits that come while one is being written share the next write.</summary>
    public ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (nextOffset <= _stored.Committed[partition]) return ValueTask.CompletedTask;
            _wanted[partition] = Math.Max(_wanted[partition], nextOffset);
            _nextRound ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var round = _nextRound.Task;
            if (!_writing)
            {
                _writing = true;
                ThreadPool.UnsafeQueueUserWorkItem(static g => g.WriteRounds(), this, preferLocal: false);
            }
            return new ValueTask(round.WaitAsync(cancellationToken));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            if (!_writing) _file.Dispose();
        }
    }

    private void WriteRounds()
    {
        while (true)
        {
            TaskCompletionSource round;
            lock (_gate)
            {
                if (_nextRound is null)
                {
                    _writing = false;
                    if (_closed) _file.Dispose();
                    return;
                }
                round = _nextRound;
                _nextRound = null;
            }
            try
            {
                Store(stored => stored with { Committed = [.. _wanted] });
                round.SetResult();
            }
#pragma warning disable CA1031 // Whatever it is, the callers must hear of it: nobody else would, on a thread of the pool.
            catch (Exception e)
#pragma warning restore CA1031
            {
                round.SetException(new EventLogException($"The position of group '{Name}' in {Topic} could not be stored: {e.Message}", retryable: true, e));
            }
        }
    }

    private void Store(Func<GroupPositions, GroupPositions> change)
    {
        lock (_io)
        {
            GroupPositions next;
            lock (_gate)
            {
                next = change(_stored) with
                {
                    Sequence = _stored.Sequence + 1,
                    UpdatedMs = _time.GetUtcNow().ToUnixTimeMilliseconds(),
                };
            }
            _file.Write(next);
            lock (_gate) _stored = next;
        }
    }
}
