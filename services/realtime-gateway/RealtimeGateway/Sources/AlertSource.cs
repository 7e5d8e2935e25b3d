using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Health;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>Feeds the <c>alerts</c> channels from <c>millrace.alerts</c>, from its beginning: the latest change of each alert is what counts.</summary>
internal sealed class AlertSource(
    IEventLog log, ChannelRegistry registry, FanoutHub hub, GatewayMetrics metrics, TimeProvider time, ILogger<AlertSource> logger, ReadinessGate readiness)
    : TopicSource(log, registry.Alerts, registry, hub, time, logger, readiness)
{
    private readonly JsonDocuments _documents = new();

    public override string Name => "gateway-alerts";

    // A tenant's alerts are one channel, and a channel has one position: they must be in one order.
    protected override ValueTask<long> FindStartAsync(PartitionInfo partition, CancellationToken cancellationToken) =>
        partition.Partition == 0
            ? ValueTask.FromResult(partition.EarliestOffset)
            : throw new EventLogException($"{State.Topic} has more than one partition; the gateway needs it to have exactly one.", retryable: false);

    protected override void Handle(LogBatch batch)
    {
        foreach (ref readonly var entry in batch.Entries)
        {
            if (!TryParse(entry.Value.Span, out var change))
            {
                metrics.Malformed(State.Topic);
                Log.Malformed(Logger, State.Topic, batch.Partition, entry.Offset);
                continue;
            }

            AlertDocument.Write(_documents.Begin(), change);
            var publication = new Publication(entry.Offset + 1, entry.AppendedAtMs, "", _documents.End());
            var name = ChannelName.Alerts(change.Tenant);
            PublishOutcome outcome;
            while ((outcome = Registry.Get(name).Publish(publication, batch.Partition, change)) == PublishOutcome.Closed)
            {
                // The channel was being forgotten; the registry makes a new one once it has let go of it.
            }

            if (outcome == PublishOutcome.Stale) metrics.Stale(AlertsNamespace.Instance);
            else metrics.Published(AlertsNamespace.Instance, 1);
        }
    }

    private static bool TryParse(ReadOnlySpan<byte> bytes, out AlertChange change)
    {
        try
        {
            change = AlertChange.Parser.ParseFrom(bytes);
            return TenantName.IsValid(change.Tenant) && change.AlertId.Length > 0;
        }
        catch (InvalidProtocolBufferException)
        {
            change = new AlertChange();
            return false;
        }
    }
}
