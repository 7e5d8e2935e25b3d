using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Health;
using Millrace.Ports.Metadata;

namespace Millrace.Adapters.Postgres;

/// <summary>The metadata database on a PostgreSQL server.</summary>
public static class PostgresModule
{
    /// <summary>
    /// Makes PostgreSQL the <see cref="IMetadataDatabase"/>, with the settings under <c>Millrace:Postgres</c>, its health check <c>postgres</c> and its
    /// meter <c>Millrace.Postgres</c>.
    /// </summary>
    public static IServiceCollection AddPostgresAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMillraceOptions<PostgresOptions, PostgresOptionsValidator>(configuration, PostgresOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PostgresOptions>, PostgresOptionsRules>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<PostgresMetrics>();
        services.TryAddSingleton<PostgresMetadataDatabase>();
        services.TryAddSingleton<IMetadataDatabase>(provider => provider.GetRequiredService<PostgresMetadataDatabase>());
        services.AddHealthChecks().AddCheck<PostgresHealthCheck>("postgres", tags: [HealthEndpoints.ReadyTag], timeout: TimeSpan.FromSeconds(5));
        return services;
    }
}
