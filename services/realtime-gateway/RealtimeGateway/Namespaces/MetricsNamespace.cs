using Millrace.Contracts;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Windows;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary><c>tenant:{t}:metrics:{stream}</c>: windows.</summary>
internal sealed class MetricsNamespace : ChannelNamespace
{
    public static readonly MetricsNamespace Instance = new();

    public override string Name => "metrics";

    public override string Topic => Topics.Windows;

    public override ItemWords Words { get; } = new("window"u8.ToArray(), "windows"u8.ToArray());

    public override bool Accepts(ChannelScope scope, string? rest) => scope == ChannelScope.Tenant && ChannelName.IsStream(rest);

    public override ChannelContent CreateContent(in ContentParts parts) => new WindowContent(parts.Options, parts.Windows, parts.Metrics);
}
