using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Api;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Health;
using Millrace.Archiver.Objects;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Archiver.Replays;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Health;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Rules;

namespace Millrace.Archiver;

/// <summary>The archiver: every event, once, in the object store and in ClickHouse, and the API that reads them from there.</summary>
public static class ArchiverModule
{
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Adds the archiver. The host adds Millrace's hosting and adapters of <see cref="Ports.EventLog.IEventLog"/>,
    /// <see cref="Ports.Objects.IObjectStore"/>, <see cref="Ports.Metadata.IMetadataDatabase"/> and <see cref="Ports.ClickHouse.IClickHouse"/>.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configuration">Section <c>Millrace:Archiver</c>, see <see cref="ArchiverOptions"/>.</param>
    public static IServiceCollection AddArchiver(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMillraceOptions<ArchiverOptions, ArchiverOptionsValidator>(configuration, "Archiver");
        services.AddSingleton<ArchiverDatabase>();
        services.AddSingleton<ProgressStore>();
        services.TryAddSingleton<IncidentLog>();
        services.AddSingleton<SinkStatus>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ArchiverOptions>, ArchiverOptionsRules>());
        services.AddSingleton(provider => new Tables(provider.GetRequiredService<IOptions<ArchiverOptions>>().Value.Schema));
        services.AddSingleton<SchemaMigrator>();
        services.AddSingleton<TenantUsers>();
        services.AddSingleton<BiCredentialsEndpoint>();
        services.AddSingleton<SchemaWorker>();
        services.AddSingleton<CutInspector>();
        services.AddSingleton<ISink, ClickHouseSink>();
        services.AddSingleton<ISink, ObjectSink>();
        services.AddSingleton<ArchiveReader>();
        services.AddHostedService(provider => provider.GetRequiredService<SchemaWorker>());
        services.TryAddSingleton<EventRulesStore>();
        services.AddSingleton<RulesFollower>();
        services.AddHostedService(provider => provider.GetRequiredService<RulesFollower>());
        services.AddHostedService<ArchiverWorker>();
        services.AddSingleton<ReplayStore>();
        services.AddSingleton<ReplayWork>();
        services.AddSingleton<ReplayCopier>();
        services.AddSingleton<Replayer>();
        services.AddSingleton<ReplayEndpoints>();
        services.AddHostedService<ReplayWorker>();
        services.AddSingleton<QuerySlots>();
        services.AddSingleton<TenantQueries>();
        services.AddSingleton<MetricsEndpoint>();
        services.AddSingleton<EventsEndpoint>();
        services.AddSingleton<QueryEndpoint>();
        services.AddHealthChecks()
            .AddCheck<ClickHouseHealthCheck>("clickhouse", HealthStatus.Degraded, [HealthEndpoints.ReadyTag], HealthTimeout)
            .AddCheck<ObjectStoreHealthCheck>("object-store", HealthStatus.Degraded, [HealthEndpoints.ReadyTag], HealthTimeout);
        return services;
    }

    /// <summary>Maps <c>GET /api/v1/metrics</c>, <c>GET /api/v1/events</c> and <c>POST /api/v1/query</c>, all for scope <c>read</c>, and <c>/api/v1/bi-credentials</c> and <c>/api/v1/replays</c> for admins.</summary>
    public static IEndpointRouteBuilder MapArchiver(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        endpoints.MapGet("/api/v1/metrics", services.GetRequiredService<MetricsEndpoint>().HandleAsync).RequireScopes(Scopes.Read);
        endpoints.MapGet("/api/v1/events", services.GetRequiredService<EventsEndpoint>().HandleAsync).RequireScopes(Scopes.Read);
        endpoints.MapPost("/api/v1/query", services.GetRequiredService<QueryEndpoint>().HandleAsync).RequireScopes(Scopes.Read);
        var credentials = services.GetRequiredService<BiCredentialsEndpoint>();
        endpoints.MapGet("/api/v1/bi-credentials", credentials.ShowAsync).RequireScopes(Scopes.Admin);
        endpoints.MapPost("/api/v1/bi-credentials", credentials.SetAsync).RequireScopes(Scopes.Admin);
        endpoints.MapDelete("/api/v1/bi-credentials", credentials.RemoveAsync).RequireScopes(Scopes.Admin);
        services.GetRequiredService<ReplayEndpoints>().Map(endpoints);
        return endpoints;
    }
}
