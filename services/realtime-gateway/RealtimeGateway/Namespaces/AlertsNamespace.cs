using Millrace.Contracts;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary><c>tenant:{t}:alerts</c>: alert changes.</summary>
internal sealed class AlertsNamespace : ChannelNamespace
{
    public static readonly AlertsNamespace Instance = new();

    public override string Name => "alerts";

    public override string Topic => Topics.Alerts;

    public override ItemWords Words { get; } = new("alert"u8.ToArray(), "alerts"u8.ToArray());

    public override bool Accepts(ChannelScope scope, string? rest) => scope == ChannelScope.Tenant && rest is null;

    public override ChannelContent CreateContent(in ContentParts parts) => new AlertContent(parts.Options);
}
