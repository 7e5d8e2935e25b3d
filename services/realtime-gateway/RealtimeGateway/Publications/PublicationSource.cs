using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Health;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>
/// Feeds the channels of configured namespaces from <c>millrace.publications</c>. It begins one horizon of idempotency keys before the longest history, so that every
/// instance drops the same repetitions.
/// </summary>
internal sealed class PublicationSource(
    IEventLog log,
    ChannelRegistry registry,
    NamespaceTable namespaces,
    PublicationLedger ledger,
    ConnectionOrders orders,
    FanoutHub hub,
    IOptions<GatewayOptions> options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<PublicationSource> logger,
    ReadinessGate readiness)
    : TopicSource(log, registry.Publications, registry, hub, time, logger, readiness)
{
    private bool _full;
    private bool _caughtUp;

    public override string Name => "gateway-publications";

    protected override ValueTask<long> FindStartAsync(PartitionInfo partition, CancellationToken cancellationToken)
    {
        var settings = options.Value;
        if (settings.Namespaces.Count == 0) return ValueTask.FromResult(partition.EndOffset);
        var reach = settings.Publications.IdempotencyTtl + settings.Namespaces.Values.Max(n => n.HistoryTtl);
        return EventLog.FindOffsetAsync(State.Topic, partition.Partition, (Time.GetUtcNow() - reach).ToUnixTimeMilliseconds(), cancellationToken);
    }

    protected override void OnReset() => ledger.Clear();

    protected override void OnCaughtUp() => _caughtUp = true;

    protected override void Handle(LogBatch batch)
    {
        foreach (ref readonly var entry in batch.Entries)
        {
            if (!PublicationRecord.TryParse(entry.Value.Span, out var record))
            {
                metrics.Malformed(State.Topic);
                Log.Malformed(Logger, State.Topic, batch.Partition, entry.Offset);
                continue;
            }

            switch (record.KindCase)
            {
                case ChannelRecord.KindOneofCase.Publication: Publish(batch.Partition, entry, record); break;
                case ChannelRecord.KindOneofCase.HistoryRemoval: Remove(entry, record); break;
                // Those of the past were for connections of the past.
                case not ChannelRecord.KindOneofCase.None when _caughtUp: orders.Obey(record); break;
            }
        }
    }

    private void Publish(int partition, in LogEntry entry, ChannelRecord record)
    {
        var name = namespaces.Parse(record.Channel, record.Tenant);
        // A namespace that is no longer in the settings.
        if (name.Namespace is not { TakesPublications: true } kind) return;
        if (record.Publication.IdempotencyKey is { Length: > 0 } key
            && ledger.Of(partition).Observe(PublicationRecord.IdOf(entry.Key.Span, key), entry.Offset, entry.AppendedAtMs) is not null)
        {
            metrics.Stale(kind);
            return;
        }

        var publication = PublicationRecord.ToPublication(record.Publication, entry.Offset, entry.AppendedAtMs);
        while (true)
        {
            if (ChannelFor(name, kind, partition, entry.Offset + 1) is not { } channel) return;
            if (channel.Publish(publication, partition, null) != PublishOutcome.Closed) break;
        }

        metrics.Published(kind, 1);
    }

    private void Remove(in LogEntry entry, ChannelRecord record)
    {
        var name = namespaces.Parse(record.Channel, record.Tenant);
        if (name.Exists) Registry.Find(name)?.RemoveHistory(entry.Offset + 1);
    }

    /// <summary>The channel, or <see langword="null"/> when nobody listens to it and it is not kept.</summary>
    private Channel? ChannelFor(ChannelName name, ChannelNamespace kind, int partition, long position)
    {
        if (kind.Limits(options.Value).Count == 0) return Registry.Find(name);
        if (Registry.Count < options.Value.Publications.Channels) return Registry.Get(name);
        if (!_full) Log.ManyChannels(Logger, options.Value.Publications.Channels);
        _full = true;
        // First the floor, then the look: whoever makes the channel in between begins behind this record.
        State.RaiseFloor(partition, position);
        return Registry.Find(name);
    }
}
