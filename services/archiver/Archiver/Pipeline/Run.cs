using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Pipeline;

/// <summary>One run of the reader, from its start to its end or failure: the partitions it has and what the sinks' lanes share.</summary>
internal sealed class Run : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, PartitionReader> _readers = [];
    private readonly SemaphoreSlim _progress = new(0);

    public Run(IReadOnlyList<ISink> sinks) => Pools = [.. sinks.Select(sink => new SinkPool(sink, _progress))];

    /// <summary>One pool a sink.</summary>
    public IReadOnlyList<SinkPool> Pools { get; }

    /// <summary>The reader of the log, once it is open.</summary>
    public ILogConsumer? Consumer { get; set; }

    /// <summary>Takes a partition in.</summary>
    public async ValueTask AddAsync(PartitionReader reader)
    {
        await RemoveAsync(reader.Partition);
        _readers[reader.Partition] = reader;
    }

    /// <summary>Lets a partition go.</summary>
    public async ValueTask RemoveAsync(int partition)
    {
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

    /// <summary>Commits to the log what every sink has.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        foreach (var (partition, reader) in _readers)
        {
            if (Consumer is null || reader.Saved is not { } saved || saved <= reader.Committed) continue;
            await Consumer.CommitAsync(partition, saved, cancellationToken);
            reader.Committed = saved;
        }
    }

    /// <summary>Age of the oldest event that each sink lacks.</summary>
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

    /// <summary>Bytes that wait for each sink.</summary>
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
    }
}
