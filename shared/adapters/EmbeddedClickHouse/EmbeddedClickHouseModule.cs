using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Hosting.Configuration;
using Millrace.Ports.ClickHouse;

namespace Millrace.Adapters.EmbeddedClickHouse;

/// <summary>Registers the embedded ClickHouse.</summary>
public static class EmbeddedClickHouseModule
{
    /// <summary>
    /// Adds the supervisor of the ClickHouse child process and a <see cref="ClickHouseLocator"/> that waits until it runs.
    /// A host that uses it imports <c>EmbeddedClickHouse.targets</c>.
    /// </summary>
    public static IServiceCollection AddEmbeddedClickHouseAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMillraceOptions<EmbeddedClickHouseOptions, EmbeddedClickHouseOptionsValidator>(configuration, "EmbeddedClickHouse");
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ClickHouseSupervisor>();
        services.AddHostedService(provider => provider.GetRequiredService<ClickHouseSupervisor>());
        services.AddSingleton<ClickHouseLocator>(provider => provider.GetRequiredService<ClickHouseSupervisor>().LocateAsync);
        return services;
    }
}
