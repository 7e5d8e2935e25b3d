using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Health;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;
using Millrace.RealtimeGateway.Publications;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Presence;

/// <summary>
/// Reads what all gateways say of who listens, this one's own words too, and tells listeners who comes and goes. Leases run out by log time: while the log stands
/// still nobody is taken for dead.
/// </summary>
internal sealed class PresenceSource(
    IEventLog log,
    ChannelRegistry registry,
    NamespaceTable namespaces,
    PresenceTable table,
    LocalPresence local,
    GatewayNode self,
    FanoutHub hub,
    IOptions<GatewayOptions> options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<PresenceSource> logger,
    ReadinessGate readiness)
    : TopicSource(log, registry.Presence, registry, hub, time, logger, readiness)
{
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);
    private bool _caughtUp;

    public override string Name => "gateway-presence";

    protected override ValueTask<long> FindStartAsync(PartitionInfo partition, CancellationToken cancellationToken)
    {
        var reach = options.Value.Presence.Renewal + (options.Value.Presence.Ttl * 2) + Slack;
        return EventLog.FindOffsetAsync(State.Topic, partition.Partition, (Time.GetUtcNow() - reach).ToUnixTimeMilliseconds(), cancellationToken);
    }

    protected override void OnReset() => table.Clear();

    protected override void OnCaughtUp() => _caughtUp = true;

    protected override void Handle(LogBatch batch)
    {
        foreach (ref readonly var entry in batch.Entries)
        {
            if (!TryParse(entry.Value.Span, out var record))
            {
                metrics.Malformed(State.Topic);
                Log.Malformed(Logger, State.Topic, batch.Partition, entry.Offset);
                continue;
            }

            Handle(record, entry.AppendedAtMs);
            foreach (var (name, info) in table.Expire(entry.AppendedAtMs)) Tell(name, info, joined: false);
        }
    }

    private void Handle(PresenceRecord record, long atMs)
    {
        switch (record.KindCase)
        {
            case PresenceRecord.KindOneofCase.Lease:
                // The others have forgotten what this one said before.
                if (table.Renew(record.Node, record.Lease, atMs) && record.Node == self.Id) local.TellAgain();
                break;
            case PresenceRecord.KindOneofCase.Entry when namespaces.Parse(record.Entry.Channel, record.Entry.Tenant) is { Exists: true } name:
                var info = PublicationRecord.ToClient(record.Entry.Client ?? new ChannelClient());
                var joined = !record.Entry.Left;
                if (joined ? table.Join(record.Node, name, info, atMs) : table.Leave(record.Node, name, info)) Tell(name, info, joined);
                break;
            case PresenceRecord.KindOneofCase.Counts:
                foreach (var count in record.Counts.Channels)
                {
                    if (namespaces.Parse(count.Channel, count.Tenant) is { Exists: true } counted) table.Count(record.Node, counted, (int)count.Subscribers, atMs);
                }

                break;
        }
    }

    private void Tell(ChannelName name, ClientInfo info, bool joined)
    {
        if (_caughtUp && name.Namespace!.JoinLeave) Registry.Find(name)?.Tell(info, joined);
    }

    private static bool TryParse(ReadOnlySpan<byte> bytes, out PresenceRecord record)
    {
        try
        {
            record = PresenceRecord.Parser.ParseFrom(bytes);
            return record.Node.Length > 0 && record.KindCase != PresenceRecord.KindOneofCase.None;
        }
        catch (InvalidProtocolBufferException)
        {
            record = new PresenceRecord();
            return false;
        }
    }
}
