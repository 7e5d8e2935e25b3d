using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;
using Millrace.RealtimeGateway.Centrifuge.Handlers;
using Millrace.RealtimeGateway.Centrifuge.Rpc;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Centrifuge.Transports;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Forwarding;
using Millrace.RealtimeGateway.Http;
using Millrace.RealtimeGateway.Namespaces;
using Millrace.RealtimeGateway.Operations;
using Millrace.RealtimeGateway.Plain;
using Millrace.RealtimeGateway.Presence;
using Millrace.RealtimeGateway.Publications;
using Millrace.RealtimeGateway.ServerApi;
using Millrace.RealtimeGateway.Sources;
using Millrace.RealtimeGateway.WebSockets.Listening;

namespace Millrace.RealtimeGateway;

/// <summary>The realtime gateway: sockets and event streams for people's screens, and the people's API.</summary>
public static class RealtimeGatewayModule
{
    /// <summary>
    /// Adds the gateway with the settings under <c>Millrace:Gateway</c>. The host adds Hosting and adapters of the event log and the metadata database.
    /// </summary>
    public static IServiceCollection AddRealtimeGateway(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMillraceOptions<GatewayOptions, GatewayOptionsValidator>(configuration, "Gateway");
        services.TryAddSingleton<GatewayMetrics>();
        services.TryAddSingleton<FanoutHub>();
        services.TryAddSingleton(p => new ChannelServices(
            p.GetRequiredService<IOptions<GatewayOptions>>().Value,
            p.GetRequiredService<FanoutHub>().Shards,
            new MemoryBudget(),
            p.GetRequiredService<GatewayMetrics>(),
            p.GetRequiredService<LocalPresence>(),
            p.GetRequiredService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayOptions>, NamespaceRules>());
        services.TryAddSingleton(p => new NamespaceTable(p.GetRequiredService<IOptions<GatewayOptions>>().Value));
        services.TryAddSingleton<ChannelRegistry>();
        services.TryAddSingleton<StreamDirectory>();
        services.TryAddSingleton<LookBack>();
        services.AddPresence();
        services.AddPublications();
        services.AddServerApi();
        services.TryAddSingleton<Subscriptions>();
        services.TryAddSingleton<ConnectionServices>();
        // Of several the server takes the last that is there.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, DetachingListenerFactory>());
        AddCommands(services);
        services.AddWorker<EventSource>();
        services.AddWorker<WindowSource>();
        services.AddWorker<WindowBackfill>();
        services.AddWorker<AlertSource>();
        services.AddWorker<Housekeeper>();
        services.AddWorker<IncidentSource>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, GatewayDrain>());
        services.AddHealthChecks().AddCheck<GatewayHealthCheck>("gateway");
        services.AddHttpForwarder();
        services.TryAddSingleton<ServiceForwarder>();
        return services;
    }

    /// <summary>
    /// Maps <c>/connection/…</c>, <c>/emulation</c>, <c>/ws</c>, <c>/sse</c>, <c>/api/v1/tokens</c>, <c>/api/v1/keys</c>, <c>/api/v1/me</c>, <c>/api/v1/streams</c>,
    /// <c>/api/v1/windows</c>, <c>/api/v1/ledger</c>, <c>/api/v1/incidents</c>, the server API at <c>/api/</c> and the dashboard's files at <c>/</c>.
    /// </summary>
    public static IEndpointRouteBuilder MapRealtimeGateway(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        SocketEndpoint.Map(endpoints);
        EventsEndpoint.Map(endpoints);
        HttpStreamEndpoint.Map(endpoints);
        EmulationEndpoint.Map(endpoints);
        OneWayEndpoints.Map(endpoints);
        PlainEndpoints.Map(endpoints);
        TokenEndpoint.Map(endpoints);
        KeyEndpoints.Map(endpoints);
        CallerEndpoints.Map(endpoints);
        WindowsEndpoint.Map(endpoints);
        LedgerEndpoint.Map(endpoints);
        IncidentEndpoint.Map(endpoints);
        ConnectionEndpoints.Map(endpoints);
        ServerApiEndpoints.Map(endpoints);
        ServiceForwarder.Map(endpoints);
        DashboardFiles.Map(endpoints);
        return endpoints;
    }

    private static void AddCommands(IServiceCollection services)
    {
        services.TryAddEnumerable([
            ServiceDescriptor.Singleton<ICommandHandler, ConnectHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, HistoryHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, PingHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, PresenceHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, PresenceStatsHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, PublishHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, RefreshHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, RpcHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, SendHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, SubscribeHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, SubRefreshHandler>(),
            ServiceDescriptor.Singleton<ICommandHandler, UnsubscribeHandler>(),
        ]);
        services.TryAddEnumerable([ServiceDescriptor.Singleton<IRpcMethod, AcknowledgeMethod>(), ServiceDescriptor.Singleton<IRpcMethod, MetricsMethod>()]);
        services.TryAddSingleton<WindowPages>();
        services.TryAddSingleton<CommandTable>();
        services.TryAddSingleton<SessionDirectory>();
        services.TryAddSingleton<SessionServices>();
    }

    internal static void AddWorker<TWorker>(this IServiceCollection services)
        where TWorker : class, IHostedService
    {
        services.TryAddSingleton<TWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<TWorker>());
    }
}
