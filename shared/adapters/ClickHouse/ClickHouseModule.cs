using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;
using Millrace.Ports.ClickHouse;

namespace Millrace.Adapters.ClickHouse;

/// <summary>Registers the ClickHouse client.</summary>
public static class ClickHouseModule
{
    /// <summary>
    /// Adds <see cref="IClickHouse"/> over HTTP. The server is the one of <c>Millrace:ClickHouse:Url</c>, unless a <see cref="ClickHouseLocator"/> is
    /// registered (the embedded server does it).
    /// </summary>
    public static IServiceCollection AddClickHouseAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMillraceOptions<ClickHouseOptions, ClickHouseOptionsValidator>(configuration, "ClickHouse");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClickHouseOptions>, ClickHouseOptionsRules>());
        services.TryAddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<ClickHouseOptions>>().Value;
            return new ClickHouseReplicas(options.Url is { } url ? [url, .. options.Replicas] : []);
        });
        services.TryAddSingleton<ClickHouseLocator>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<ClickHouseOptions>>().Value;
            if (options.Url is null)
                throw new OptionsValidationException("ClickHouse", typeof(ClickHouseOptions), ["Millrace:ClickHouse:Url must be set: no embedded server runs here."]);
            var replicas = provider.GetRequiredService<ClickHouseReplicas>();
            var secret = ClickHouseOptionsRules.ReadSecret(options);
            return _ => ValueTask.FromResult(new ClickHouseServer(replicas.Current, options.User, secret));
        });
        services.TryAddSingleton<IClickHouse>(provider => new ClickHouseHttpClient(
            provider.GetRequiredService<ClickHouseLocator>(), provider.GetRequiredService<ClickHouseReplicas>(),
            provider.GetRequiredService<IOptions<ClickHouseOptions>>().Value));
        return services;
    }
}
