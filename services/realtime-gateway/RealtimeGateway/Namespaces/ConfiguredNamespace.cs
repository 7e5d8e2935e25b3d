using Millrace.Contracts;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Publications;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary>
/// <c>tenant:{t}:{namespace}:{rest}</c> and <c>user:{subject}:{namespace}:{rest}</c>: what clients and the server API publish, with the settings of
/// <c>Millrace:Gateway:Namespaces</c>.
/// </summary>
internal sealed class ConfiguredNamespace(string name, GatewayNamespaceOptions options) : ChannelNamespace
{
    private readonly ChannelRule _subscribe = new(options.Subscribe);
    private readonly ChannelRule _publish = new(options.Publish);

    public override string Name => name;

    public override string Topic => Topics.Publications;

    public override bool ReadsBack => Recovery;

    public override bool Recovery => options.Recovery && options.HistorySize > 0;

    public override bool Presence => options.Presence;

    public override bool JoinLeave => options.JoinLeave;

    public override bool Delta => options.Delta;

    public override SlowClientPolicy? SlowClients => options.SlowClients;

    public override bool TakesPublications => true;

    public override bool Accepts(ChannelScope scope, string? rest) => scope is ChannelScope.Tenant or ChannelScope.User && IsRest(rest);

    public override HistoryLimits Limits(GatewayOptions gateway) => new(options.HistorySize, options.HistoryTtl);

    public override ChannelContent CreateContent(in ContentParts parts) => new PublicationContent(parts.History);

    public override byte[] KeyOf(ChannelName channel) => PublicationRecord.KeyOf(channel);

    public override ChannelRecords OpenRecords(ChannelName channel, GatewayOptions gateway, DateTimeOffset now) =>
        new PublicationRecords(channel, (now - options.HistoryTtl).ToUnixTimeMilliseconds(), gateway.Publications.IdempotencyTtl);

    public override bool MaySubscribe(ChannelGrants grants, ChannelName channel) => _subscribe.Allows(grants, channel);

    public override bool MayPublish(ChannelGrants grants, ChannelName channel) => _publish.Allows(grants, channel);

    // It stands in JSON, in logs and in addresses: anything that can be read.
    private static bool IsRest(string? rest)
    {
        if (string.IsNullOrEmpty(rest)) return false;
        foreach (var c in rest)
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029') return false;
        }

        return true;
    }
}
