using Microsoft.Extensions.Logging;
using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>
/// Reads a topic without a group: every instance of the gateway reads everything. After a failure it goes on where it was; after a restart of the
/// process it begins far enough back to have the histories again.
/// </summary>
internal abstract class TopicSource(
    IEventLog log, TopicState state, ChannelRegistry registry, FanoutHub hub, TimeProvider time, ILogger logger, ReadinessGate readiness)
    : Worker(time, logger, readiness)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(20);

    protected IEventLog EventLog => log;

    protected TopicState State => state;

    protected ChannelRegistry Registry => registry;

    protected ILogger Logger { get; } = logger;

    protected override bool ReadyOnStart => false;

    /// <summary>Where to begin in a partition when nothing has been read yet.</summary>
    protected abstract ValueTask<long> FindStartAsync(PartitionInfo partition, CancellationToken cancellationToken);

    /// <summary>Publishes a batch. In log order for each partition.</summary>
    protected abstract void Handle(LogBatch batch);

    /// <summary>The reader has reached what was the end at its start.</summary>
    protected virtual void OnCaughtUp()
    {
    }

    /// <summary>Positions of before mean nothing any more.</summary>
    protected virtual void OnReset()
    {
    }

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var begunMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        var info = await BeginAsync(cancellationToken);
        var ends = info.Partitions.ToDictionary(p => p.Partition, p => p.EndOffset);
        var caughtUp = false;
        await using var consumer = await log.OpenConsumerAsync(
            state.Topic,
            new LogConsumerOptions { StartAt = (assignment, _) => ValueTask.FromResult(state.Position(assignment.Partition)) },
            cancellationToken);
        while (true)
        {
            using var batch = await consumer.ReadAsync(caughtUp ? LongestWait : ShortWait, cancellationToken);
            if (batch is not null)
            {
                Handle(batch);
                state.Advance(batch.Partition, batch.NextOffset);
                await hub.WaitForRoomAsync(cancellationToken);
            }

            if (caughtUp || ends.Any(end => state.Position(end.Key) < end.Value && !(batch is null && consumer.IsPast(end.Key, begunMs)))) continue;
            caughtUp = true;
            OnCaughtUp();
            state.MarkReady();
            MarkReady();
            Log.CaughtUp(Logger, state.Topic);
        }
    }

    private async Task<TopicInfo> BeginAsync(CancellationToken cancellationToken)
    {
        var info = await log.DescribeAsync(state.Topic, cancellationToken);
        var starts = new long[info.Partitions.Count];
        foreach (var partition in info.Partitions) starts[partition.Partition] = await FindStartAsync(partition, cancellationToken);
        if (state.Begin(info, starts))
        {
            Log.EpochChanged(Logger, state.Topic, info.Epoch);
            OnReset();
            foreach (var channel in registry.All.Where(c => registry.TopicOf(c.Namespace) == state)) registry.Abandon(channel);
        }

        Log.Reading(Logger, state.Topic, info.Epoch, string.Join(' ', state.Positions()));
        return info;
    }
}
