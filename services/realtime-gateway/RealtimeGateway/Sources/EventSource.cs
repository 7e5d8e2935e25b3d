using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>
/// Feeds the <c>events</c> channels from the end of <c>millrace.events</c>, only while somebody listens: without listeners the topic is not even read.
/// A channel's first listener is shown the recent past, looked up beside the live reader.
/// </summary>
internal sealed partial class EventSource(
    IEventLog log,
    ChannelRegistry registry,
    FanoutHub hub,
    IOptions<GatewayOptions> options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<EventSource> logger,
    ReadinessGate readiness)
    : Worker(time, logger, readiness)
{
    // Bounds the work of a wake-up after silence; the log wakes the reader by itself.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly KeyMap<EventFeed> _feeds = new();
    private readonly JsonDocuments _documents = new();
    private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override string Name => "gateway-events";

    /// <summary>Sees to it that a channel is fed. Completes when it knows its recent past.</summary>
    public async Task ActivateAsync(Channel channel, CancellationToken cancellationToken)
    {
        var key = PartitionKey.Create(channel.Name.Owner, channel.Name.Stream);
        EventFeed? feed;
        while (true)
        {
            Task running;
            lock (_gate)
            {
                if (_feeds.TryGet(key, out feed) && ReferenceEquals(feed!.Channel, channel)) break;
                _wanted.TrySetResult();
                running = _running.Task;
                if (running.IsCompleted)
                {
                    // Between two batches: from exactly here on the reader hands the channel everything.
                    feed = new EventFeed(channel, options.Value.Events.FullRate);
                    var positions = registry.Events.Positions();
                    channel.BeginLive(positions);
                    _feeds.Set(key, feed);
                    _ = Task.Run(() => LookBackAsync(feed, positions), CancellationToken.None);
                    break;
                }
            }

            await running.WaitAsync(cancellationToken);
        }

        await feed.Ready.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Stops feeding a channel that was forgotten.</summary>
    public void Release(Channel channel)
    {
        var key = PartitionKey.Create(channel.Name.Owner, channel.Name.Stream);
        lock (_gate)
        {
            if (_feeds.TryGet(key, out var feed) && ReferenceEquals(feed!.Channel, channel)) _feeds.Remove(key);
            if (_feeds.Count == 0 && _running.Task.IsCompleted) _wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wanted;
            lock (_gate) wanted = _wanted.Task;
            await wanted.WaitAsync(cancellationToken);
            try
            {
                await ReadWhileWantedAsync(cancellationToken);
            }
            finally
            {
                Stop();
            }
        }
    }

    private async Task ReadWhileWantedAsync(CancellationToken cancellationToken)
    {
        var info = await log.DescribeAsync(Topics.Events, cancellationToken);
        var ends = info.Partitions.OrderBy(p => p.Partition).Select(p => p.EndOffset).ToArray();
        if (registry.Events.Begin(info, ends)) Log.EpochChanged(logger, Topics.Events, info.Epoch);
        foreach (var partition in info.Partitions) registry.Events.Advance(partition.Partition, partition.EndOffset);
        await using var consumer = await log.OpenConsumerAsync(
            Topics.Events,
            new LogConsumerOptions { StartAt = (a, _) => ValueTask.FromResult(registry.Events.Position(a.Partition)) },
            cancellationToken);
        registry.Events.MarkReady();
        lock (_gate) _running.TrySetResult();
        while (true)
        {
            using var batch = await consumer.ReadAsync(LongestWait, cancellationToken);
            lock (_gate)
            {
                if (_feeds.Count == 0 && !_wanted.Task.IsCompleted) return;
                if (batch is null) continue;
                Handle(batch);
                registry.Events.Advance(batch.Partition, batch.NextOffset);
            }

            await hub.WaitForRoomAsync(cancellationToken);
        }
    }

    private void Handle(LogBatch batch)
    {
        foreach (ref readonly var entry in batch.Entries)
        {
            if (!_feeds.TryGet(entry.Key.Span, out var feed)) continue;
            if (feed!.Sampler.Count(entry.AppendedAtMs))
            {
                Log.Sampling(logger, feed.Channel.Name.Text, feed.Sampler.EventsPerSecond, feed.Sampler.StepName);
                feed.Channel.Announce(feed.Note());
            }

            if (EventFeed.Transcode(_documents, entry, feed.Sampler, out var sampledOut) is not { } publication)
            {
                if (sampledOut) metrics.SampledOut();
                else metrics.Malformed(Topics.Events);
                continue;
            }

            if (feed.Channel.Publish(publication, batch.Partition, null) == PublishOutcome.Published) metrics.Published(ChannelKind.Events, 1);
        }
    }

    // The reader has stopped, for want of listeners or by a failure: what comes until it runs again is missed, so the channels have to begin anew.
    private void Stop()
    {
        lock (_gate)
        {
            foreach (var feed in _feeds.Values) registry.Abandon(feed.Channel);
            _feeds.Clear();
            _running.TrySetResult();
            _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
