using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Bootstrap;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Health;
using Millrace.Hosting.Http;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Ledger;
using Millrace.Hosting.Metrics;
using Millrace.Hosting.Telemetry;

namespace Millrace.Hosting;

/// <summary>What every host of Millrace has in common.</summary>
public static class MillraceHosting
{
    /// <summary>
    /// Adds clock, options, authentication, bootstrap, health, metrics, telemetry, errors, ledger, audit log and incidents. The host adds an adapter of
    /// <see cref="Ports.Metadata.IMetadataDatabase"/> beside it.
    /// </summary>
    public static IServiceCollection AddMillraceHosting(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMillraceAuthentication(configuration);
        services.AddMillraceOptions<BootstrapOptions, BootstrapOptionsValidator>(configuration, "Bootstrap");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BootstrapOptions>, BootstrapOptionsRules>());
        services.AddMillraceOptions<IncidentOptions, IncidentOptionsValidator>(configuration, "Incidents");
        services.TryAddSingleton<IncidentLog>();
        services.TryAddSingleton<IncidentStore>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, IncidentWriter>());
        services.AddMillraceTelemetry(configuration);
        services.TryAddSingleton<MetricsCollector>();
        services.TryAddSingleton<BootstrapResult>();
        services.TryAddSingleton<Bootstrapper>();
        services.TryAddSingleton<ITenantStore, TenantStore>();
        services.TryAddSingleton<LedgerStore>();
        services.TryAddSingleton<ReadinessGate>();
        services.TryAddSingleton<HealthReports>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, HostingInitializer>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ErrorStartupFilter>());
        if (services.All(service => service.ServiceType != typeof(RefusalAudit)))
        {
            services.AddSingleton<RefusalAudit>();
            services.AddSingleton<IRefusalAudit>(provider => provider.GetRequiredService<RefusalAudit>());
            services.AddHostedService(provider => provider.GetRequiredService<RefusalAudit>());
            services.AddHealthChecks()
                .AddCheck<WorkersHealthCheck>("workers", tags: [HealthEndpoints.ReadyTag, HealthEndpoints.ServingTag])
                .AddCheck<MetadataHealthCheck>("metadata", tags: [HealthEndpoints.ReadyTag], timeout: TimeSpan.FromSeconds(5));
        }

        return services;
    }

    /// <summary>
    /// Adds only what checks credentials: <see cref="ICallerAuthenticator"/>, <see cref="IApiKeyStore"/>, <see cref="ITokenIssuer"/>. Nothing is
    /// written at start, so a process that has the metadata database for reading only can use it.
    /// </summary>
    public static IServiceCollection AddMillraceAuthentication(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMillraceOptions<AuthOptions, AuthOptionsValidator>(configuration, "Auth");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AuthOptions>, AuthOptionsRules>());
        services.TryAddSingleton<AuditLog>();
        services.TryAddSingleton<SigningKey>();
        services.TryAddSingleton<ExternalKeys>();
        services.TryAddSingleton<TokenVerifier>();
        services.TryAddSingleton<ApiKeyStore>();
        services.TryAddSingleton<IApiKeyStore>(provider => provider.GetRequiredService<ApiKeyStore>());
        services.TryAddSingleton<ITokenIssuer, TokenIssuer>();
        services.TryAddSingleton<CallerAuthenticator>();
        services.TryAddSingleton<ICallerAuthenticator>(provider => provider.GetRequiredService<CallerAuthenticator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, KeyWatcher>());
        return services;
    }

    /// <summary>
    /// Maps <c>/health</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/health/serving</c> and <c>/metrics</c>, once the settings are
    /// known to be good: hosts map these before anything of theirs.
    /// </summary>
    public static IEndpointRouteBuilder MapMillraceOperations(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        HostRunner.Configured(endpoints.ServiceProvider);
        return endpoints.MapMillraceHealth().MapMillraceMetrics();
    }
}
