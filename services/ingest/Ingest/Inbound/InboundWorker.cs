using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Inbound;

/// <summary>
/// Reads one inbound topic: judges its records, puts what came out on the event log, and commits once that is durable. After a crash records
/// are judged again; ids that follow from the position and <see cref="PublishedLetters"/> keep what comes out of them single.
/// </summary>
internal sealed class InboundWorker(
    InboundTopicOptions topic,
    IOptions<IngestOptions> options,
    IEventLog source,
    InboundTaker taker,
    InboundStatus status,
    ITenantStore tenants,
    TimeProvider time,
    ILogger<InboundWorker> logger) : Worker(time, logger)
{
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(5);

    // Held while a batch is under way, so that a partition is let go only between batches.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<int, InboundPartition> _partitions = [];

    /// <inheritdoc/>
    public override string Name => "inbound:" + topic.Name;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _gate.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await tenants.EnsureAsync(topic.Tenant, cancellationToken);
        var epoch = (await source.DescribeAsync(topic.Name, cancellationToken)).Epoch;
        _partitions.Clear();
        var reading = new LogConsumerOptions { Group = options.Value.Inbound.Group, StartAt = (assignment, _) => Assigned(assignment, epoch), OnRevoked = RevokedAsync };
        await using var consumer = await source.OpenConsumerAsync(topic.Name, reading, cancellationToken);
        status.Reading(topic.Name, consumer);
        try
        {
            while (true)
            {
                using var batch = await consumer.ReadAsync(_idle, cancellationToken);
                if (batch is not null) await TakeAsync(consumer, batch, cancellationToken);
            }
        }
        finally
        {
            status.Stopped(topic.Name);
        }
    }

    private async Task TakeAsync(ILogConsumer consumer, LogBatch batch, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            InboundPartition? partition;
            lock (_partitions) _partitions.TryGetValue(batch.Partition, out partition);
            if (partition is null) return; // It went to another instance while the batch waited.
            await taker.TakeAsync(partition, batch, cancellationToken);
            await consumer.CommitAsync(batch.Partition, batch.NextOffset, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    private ValueTask<long> Assigned(PartitionAssignment assignment, string epoch)
    {
        var start = Math.Max(assignment.CommittedOffset ?? 0, assignment.Bounds.EarliestOffset);
        lock (_partitions) _partitions[assignment.Partition] = new InboundPartition(topic, epoch, assignment.Partition);
        Log.InboundStarts(logger, topic.Name, assignment.Partition, start);
        return ValueTask.FromResult(start);
    }

    private async ValueTask RevokedAsync(int partition)
    {
        await _gate.WaitAsync();
        try
        {
            lock (_partitions) _partitions.Remove(partition);
        }
        finally
        {
            _gate.Release();
        }
    }
}
