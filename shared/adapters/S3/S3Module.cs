using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>Objects in a bucket.</summary>
public static class S3Module
{
    /// <summary>
    /// Makes a bucket the <see cref="IObjectStore"/>, with the settings under <c>Millrace:S3</c>. The bucket is looked at, and where told made and given
    /// its lifecycle rules, in the background: a store that is away does not keep the host from starting. Adds the health check <c>s3</c>.
    /// </summary>
    public static IServiceCollection AddS3Adapter(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMillraceOptions<S3Options, S3OptionsValidator>(configuration, "S3");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<S3Options>, S3OptionsRules>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<S3ObjectStore>();
        services.TryAddSingleton<IObjectStore>(provider => provider.GetRequiredService<S3ObjectStore>());
        services.TryAddSingleton<S3Status>();
        services.AddHostedService<S3Setup>();
        // Whoever stores objects goes on by itself when the store comes back, so it never takes a service out of traffic.
        services.AddHealthChecks().AddCheck<S3HealthCheck>("s3", HealthStatus.Degraded, timeout: TimeSpan.FromSeconds(5));
        return services;
    }
}
