using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Hosting.Health;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>
/// Feeds the <c>events</c> channels from the end of <c>millrace.events</c>, only while somebody listens: without listeners the topic is not even read.
/// A channel's first listener is shown the recent past, looked up beside the live reader.
/// </summary>
internal sealed partial class EventSource(
    IEventLog log,
    ChannelRegistry registry,
    LookBack lookBack,
    FanoutHub hub,
    IOptions<GatewayOptions> options,
    GatewayMetrics metrics,
    IncidentLog incidents,
    TimeProvider time,
    ILogger<EventSource> logger,
    ReadinessGate readiness)
    : Worker(time, logger, readiness)
{
    // Bounds the work of a wake-up after silence; the log wakes the reader by itself.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>Name of this service in incidents and messages.</summary>
    public const string Service = "realtime-gateway";

    private static readonly TimeSpan LagInterval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly LagSteps _lag = new(options.Value.Events.OverloadLag);
    private long? _lagLookedAt;
    private readonly KeyMap<EventFeed> _feeds = new();
    private readonly JsonDocuments _documents = new();
    private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override string Name => "gateway-events";

    /// <summary>Sees to it that a channel is fed. Completes when it knows its recent past.</summary>
    public async Task ActivateAsync(Channel channel, CancellationToken cancellationToken)
    {
        var key = PartitionKey.Create(channel.Name.Owner, channel.Name.Rest);
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
                    var partition = log.PartitionOf(key, registry.Events.Partitions);
                    var live = registry.Events.Position(partition);
                    channel.BeginLive(partition, live);
                    _feeds.Set(key, feed);
                    _ = Task.Run(() => LookBackAsync(feed, partition, live), CancellationToken.None);
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
        var key = PartitionKey.Create(channel.Name.Owner, channel.Name.Rest);
        lock (_gate)
        {
            if (_feeds.TryGet(key, out var feed) && ReferenceEquals(feed!.Channel, channel))
            {
                _feeds.Remove(key);
                incidents.Close(Service, IncidentKinds.FeedSampled, channel.Name.Text);
            }

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
                if (batch is not null)
                {
                    Handle(batch);
                    registry.Events.Advance(batch.Partition, batch.NextOffset);
                }

                LookAtLag(consumer);
                if (batch is null) continue;
            }

            await hub.WaitForRoomAsync(cancellationToken);
        }
    }

    private void Handle(LogBatch batch)
    {
        foreach (ref readonly var entry in batch.Entries)
        {
            if (!_feeds.TryGet(entry.Key.Span, out var feed)) continue;
            if (feed!.Sampler.Count(entry.AppendedAtMs)) StepChanged(feed);
            if (EventFeed.Transcode(_documents, entry, feed.Sampler, out var sampledOut) is not { } publication)
            {
                if (sampledOut) metrics.SampledOut();
                else metrics.Malformed(Topics.Events);
                continue;
            }

            if (feed.Channel.Publish(publication, batch.Partition, null) == PublishOutcome.Published) metrics.Published(EventsNamespace.Instance, 1);
        }
    }

    // A feed that has fallen silent comes back to the full rate too, and one of a reader that is behind shows less.
    private void LookAtLag(ILogConsumer consumer)
    {
        if (_lagLookedAt is { } last && Time.GetElapsedTime(last) < LagInterval) return;
        _lagLookedAt = Time.GetTimestamp();
        var partitions = consumer.Assignment;
        if (partitions.Count == 0) return;
        _lag.Observe(partitions.Max(partition => consumer.GetLag(partition).Age), Time.GetElapsedTime(0));
        var now = partitions.Min(consumer.CompleteThroughMs);
        foreach (var feed in _feeds.Values)
        {
            feed.Sampler.LeastStep = _lag.Step;
            if (feed.Sampler.Advance(now)) StepChanged(feed);
        }
    }

    private void StepChanged(EventFeed feed)
    {
        var (channel, sampler) = (feed.Channel, feed.Sampler);
        Log.Sampling(logger, channel.Name.Text, sampler.EventsPerSecond, sampler.StepName);
        channel.Announce(feed.Note());
        if (sampler.Step == 0)
        {
            incidents.Close(Service, IncidentKinds.FeedSampled, channel.Name.Text);
            return;
        }

        var cause = sampler.LeastStep == sampler.Step
            ? "The gateway is behind in reading events: the feed shows a sample until it has caught up. Windows and archive have all of them."
            : "More events come than a feed shows: it shows a sample. Windows and archive have all of them.";
        incidents.Open(new IncidentReport(Service, IncidentKinds.FeedSampled, channel.Name.Text, sampler.StepName, cause)
        {
            Audience = channel.Name.Owner,
            Peak = sampler.EventsPerSecond,
            PeakUnit = "events/s",
        });
    }

    // The reader has stopped, for want of listeners or by a failure: what comes until it runs again is missed, so the channels have to begin anew.
    private void Stop()
    {
        lock (_gate)
        {
            foreach (var feed in _feeds.Values)
            {
                registry.Abandon(feed.Channel);
                incidents.Close(Service, IncidentKinds.FeedSampled, feed.Channel.Name.Text);
            }

            _feeds.Clear();
            _running.TrySetResult();
            _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
