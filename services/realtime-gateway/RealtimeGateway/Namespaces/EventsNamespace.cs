using Millrace.Contracts;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary><c>tenant:{t}:events:{stream}</c>: single events.</summary>
internal sealed class EventsNamespace : ChannelNamespace
{
    public static readonly EventsNamespace Instance = new();

    public override string Name => "events";

    public override string Topic => Topics.Events;

    public override ItemWords Words { get; } = new("event"u8.ToArray(), "events"u8.ToArray());

    public override bool OnDemand => true;

    public override bool Accepts(ChannelScope scope, string? rest) => scope == ChannelScope.Tenant && ChannelName.IsStream(rest);

    public override ChannelContent CreateContent(in ContentParts parts) => new EventContent(parts.History, parts.Options);

    public override ChannelRecords OpenRecords(ChannelName name, GatewayOptions options, DateTimeOffset now) => new EventRecords(name);
}
