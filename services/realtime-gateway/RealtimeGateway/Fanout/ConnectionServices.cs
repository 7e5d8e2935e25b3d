using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>What connections need.</summary>
internal sealed class ConnectionServices(
    IOptions<GatewayOptions> options,
    FanoutHub hub,
    Subscriptions subscriptions,
    ICallerAuthenticator authenticator,
    IRefusalAudit refusals,
    NamespaceTable namespaces,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<ConnectionServices> logger)
{
    public GatewayPublicationsOptions Publications => options.Value.Publications;

    public GatewayConnectionOptions Options => options.Value.Connections;

    public FanoutHub Hub => hub;

    public Subscriptions Subscriptions => subscriptions;

    public ICallerAuthenticator Authenticator => authenticator;

    public IRefusalAudit Refusals => refusals;

    public NamespaceTable Namespaces => namespaces;

    public GatewayMetrics Metrics => metrics;

    public TimeProvider Time => time;

    public ILogger Logger => logger;
}
