using System.Collections.Concurrent;
using System.Text;
using Millrace.Adapters.Kafka.Consuming;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>A member of a group that reads and commits on and on, as a service does, and notes what it took.</summary>
internal sealed class GroupReader : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _values;
    private readonly ILogConsumer _consumer;
    private readonly Task _running;

    private GroupReader(ILogConsumer consumer, ConcurrentQueue<string> values, ConcurrentQueue<int> revoked)
    {
        _consumer = consumer;
        _values = values;
        Revoked = revoked;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Partitions that went away, in order.</summary>
    public ConcurrentQueue<int> Revoked { get; }

    public IReadOnlyCollection<int> Assignment => _consumer.Assignment;

    /// <summary>Joins a group; values go to a queue that several may share, each before its commit.</summary>
    public static async Task<GroupReader> JoinAsync(IEventLog log, string group, ConcurrentQueue<string> values)
    {
        var revoked = new ConcurrentQueue<int>();
        return new GroupReader(await log.JoinAsync(group, revoked.Enqueue), values, revoked);
    }

    /// <summary>Ends as a killed process does.</summary>
    public async Task KillAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await ((KafkaConsumer)_consumer).KillAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _consumer.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var batch = await _consumer.ReadAsync(TimeSpan.FromSeconds(1), _stop.Token);
                if (batch is null) continue;
                foreach (var entry in batch.Entries) _values.Enqueue(Encoding.UTF8.GetString(entry.Value.Span));
                await _consumer.CommitAsync(batch.Partition, batch.NextOffset, CancellationToken.None);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // Told to stop.
                return;
            }
        }
    }
}
