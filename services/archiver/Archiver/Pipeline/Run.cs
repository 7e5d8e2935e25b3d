using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Pipeline;

/// <summary>One run of the reader, from its start to its end or failure: the partitions it has and what the sinks' lanes share.</summary>
internal sealed class Run : IAsyncDisposable
{
    private static readonly TimeSpan RevokePatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FailingPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StandingPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LostPatience = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<int, PartitionReader> _readers = [];
    private readonly ConcurrentDictionary<int, long> _lost = [];
    private readonly SemaphoreSlim _progress = new(0);
    private readonly SemaphoreSlim _turns = new(1);
    private readonly LaneServices _services;

    public Run(IReadOnlyList<ISink> sinks, LaneServices services)
    {
        _services = services;
        Pools = [.. sinks.Select(sink => new SinkPool(sink, _progress))];
    }

    /// <summary>One pool a sink.</summary>
    public IReadOnlyList<SinkPool> Pools { get; }

    /// <summary>The reader of the log, once it is open.</summary>
    public ILogConsumer? Consumer { get; set; }

    /// <summary>Takes the turn that all other members but those that say so need.</summary>
    public ValueTask<Turn> EnterAsync(CancellationToken cancellationToken) => Turn.TakeAsync(_turns, cancellationToken);

    /// <summary>Takes a partition in.</summary>
    public async ValueTask AddAsync(PartitionReader reader)
    {
        await RemoveAsync(reader.Partition);
        _readers[reader.Partition] = reader;
    }

    /// <summary>Lets a partition go to another member of the group. What is being written gets a moment to be finished; the other one redoes it otherwise.</summary>
    public async ValueTask RevokeAsync(int partition)
    {
        if (_readers.TryGetValue(partition, out var reader))
            await Task.WhenAll(reader.Lanes.Select(lane => lane.SettledAsync())).WaitAsync(RevokePatience, _services.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await RemoveAsync(partition);
    }

    /// <summary>
    /// Lets partitions go that another instance has taken over without a word from the group: this one was away too long. Should the group still give one of
    /// them to this instance after a while, then it must be taken over anew, which throwing does.
    /// </summary>
    public async ValueTask DropLostAsync()
    {
        foreach (var (partition, reader) in _readers)
        {
            if (!reader.IsLost) continue;
            Log.PartitionLost(_services.Logger, partition);
            await RemoveAsync(partition);
            _lost[partition] = _services.Time.GetTimestamp();
        }

        foreach (var (partition, since) in _lost)
        {
            if (Consumer is not { } consumer || !consumer.Assignment.Contains(partition)) _lost.TryRemove(partition, out _);
            else if (_services.Time.GetElapsedTime(since) > LostPatience)
                throw new InvalidOperationException($"Partition {partition} was taken over by another instance, but the group still gives it to this one.");
        }
    }

    private async ValueTask RemoveAsync(int partition)
    {
        _lost.TryRemove(partition, out _);
        if (_readers.TryRemove(partition, out var reader)) await reader.DisposeAsync();
    }

    /// <summary>A partition's reader; <see langword="null"/> when the partition has just gone to another member of the group.</summary>
    public PartitionReader? ReaderOf(int partition) => _readers.GetValueOrDefault(partition);

    /// <summary>How long reading may wait for records before a cut is due.</summary>
    public TimeSpan WaitTime(TimeProvider time, TimeSpan least, TimeSpan most)
    {
        foreach (var (_, reader) in _readers)
        {
            foreach (var lane in reader.Lanes)
            {
                if (lane.DueIn(time) is { } due && due < most) most = due;
            }
        }

        // A cut that is overdue waits for its writer: no use in spinning meanwhile.
        return most < least ? least : most;
    }

    /// <summary>Closes what is due, and throws what ended a writer.</summary>
    public void CloseDue(TimeProvider time)
    {
        foreach (var (_, reader) in _readers)
        {
            foreach (var lane in reader.Lanes) lane.CloseIfDue(time);
        }
    }

    /// <summary>Waits until a cut is stored, or for a while.</summary>
    public async Task WaitForProgressAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        await _progress.WaitAsync(atMost, cancellationToken);
        while (_progress.Wait(0, CancellationToken.None))
        {
        }
    }

    /// <summary>What each sink has stored so far, and how often it had no room.</summary>
    public (long Stored, long Refusals)[] Standing() => [.. Pools.Select(pool => (pool.Stored, pool.Refusals))];

    /// <summary>Detaches the sinks that have no room because they fail or stand still, so that the others go on.</summary>
    /// <param name="waited">How long reading has waited for room.</param>
    /// <param name="before">How the sinks stood when it began to wait.</param>
    public void DetachStuck(TimeSpan waited, (long Stored, long Refusals)[] before)
    {
        for (var i = 0; i < Pools.Count; i++)
        {
            var pool = Pools[i];
            if (pool.IsDetached || pool.Stored != before[i].Stored || pool.Refusals == before[i].Refusals) continue;
            var failure = _services.Status.FailureOf(pool.Sink.Name);
            if (waited < (failure is null ? StandingPatience : FailingPatience)) continue;
            Log.SinkDetached(_services.Logger, pool.Sink.Name, failure ?? "it does not answer.");
            pool.Detach();
        }
    }

    /// <summary>Whether a detached sink works again, so that everything must be read again from where it stands.</summary>
    public bool MustReopen => Pools.Any(pool => pool.CanResume);

    /// <summary>Commits to the log what every sink has. Without a turn: the log may be waiting for a callback's.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        foreach (var (partition, reader) in _readers)
        {
            if (Consumer is null || reader.Saved is not { } saved || saved <= reader.Committed) continue;
            await Consumer.CommitAsync(partition, saved, cancellationToken);
            reader.Committed = saved;
        }
    }

    /// <summary>Age of the oldest event that each sink lacks. Any thread, without a turn.</summary>
    public IEnumerable<Measurement<double>> Lag(TimeProvider time)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var pool in Pools)
        {
            var lag = 0d;
            foreach (var (partition, reader) in _readers)
            {
                var unread = Consumer?.GetLag(partition).Age.TotalSeconds ?? 0;
                var waiting = reader.Lanes.FirstOrDefault(lane => lane.Sink == pool.Sink.Name)?.OldestLogTimeMs;
                lag = Math.Max(lag, Math.Max(unread, waiting is { } oldest ? (now - oldest) / 1000d : 0));
            }

            yield return new(lag, new KeyValuePair<string, object?>("sink", pool.Sink.Name));
        }
    }

    /// <summary>Bytes that wait for each sink. Any thread, without a turn.</summary>
    public IEnumerable<Measurement<long>> Buffered() =>
        Pools.Select(pool => new Measurement<long>(pool.Used, new KeyValuePair<string, object?>("sink", pool.Sink.Name)));

    /// <summary>Waits, for a while, until everything that is being written is stored, and commits it.</summary>
    public async Task SettleAsync(TimeSpan atMost)
    {
        using var timeout = new CancellationTokenSource(atMost);
        var writing = Task.WhenAll(_readers.Values.SelectMany(reader => reader.Lanes).Select(lane => lane.SettledAsync()));
        await writing.WaitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (writing.IsCompletedSuccessfully) await CommitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var partition in _readers.Keys) await RemoveAsync(partition);
        foreach (var pool in Pools) pool.Dispose();
        _progress.Dispose();
        _turns.Dispose();
    }
}
