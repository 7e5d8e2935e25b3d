using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Hosting.Configuration;
using Millrace.Ports.ClickHouse;
using Millrace.Ports.Objects;

namespace Millrace.Hosting.Resilience;

/// <summary>Puts retries around what a host has composed.</summary>
public static class ResilienceModule
{
    /// <summary>
    /// Repeats the requests to the <see cref="IObjectStore"/> that has been added which fail but may yet succeed, with the settings under
    /// <c>Millrace:ObjectRetries</c>. Call it after the adapter was added.
    /// </summary>
    /// <exception cref="InvalidOperationException">No object store has been added.</exception>
    public static IServiceCollection AddObjectRetries(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        var inner = services.LastOrDefault(service => service.ServiceType == typeof(IObjectStore))
            ?? throw new InvalidOperationException("Add an object store before its retries.");
        services.AddMillraceOptions<ObjectRetryOptions, ObjectRetryOptionsValidator>(configuration, "ObjectRetries");
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ObjectRetries>();
        services.Remove(inner);
        // Under a key of its own, so that the container makes it once and disposes it.
        services.Add(Keyed(inner, typeof(ResilientObjectStore)));
        services.AddSingleton<IObjectStore>(provider => new ResilientObjectStore(
            provider.GetRequiredKeyedService<IObjectStore>(typeof(ResilientObjectStore)), provider.GetRequiredService<ObjectRetries>()));
        return services;
    }

    /// <summary>
    /// Repeats the queries of the <see cref="IClickHouse"/> that has been added which could not reach a server, with the settings under
    /// <c>Millrace:ClickHouseRetries</c>. Call it after the adapter was added.
    /// </summary>
    /// <exception cref="InvalidOperationException">No ClickHouse has been added.</exception>
    public static IServiceCollection AddClickHouseRetries(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        var inner = services.LastOrDefault(service => service.ServiceType == typeof(IClickHouse))
            ?? throw new InvalidOperationException("Add a ClickHouse before its retries.");
        services.AddMillraceOptions<ClickHouseRetryOptions, ClickHouseRetryOptionsValidator>(configuration, "ClickHouseRetries");
        services.TryAddSingleton(TimeProvider.System);
        services.Remove(inner);
        services.Add(Keyed(inner, typeof(ResilientClickHouse)));
        services.AddSingleton<IClickHouse>(provider => ActivatorUtilities.CreateInstance<ResilientClickHouse>(
            provider, provider.GetRequiredKeyedService<IClickHouse>(typeof(ResilientClickHouse))));
        return services;
    }

    private static ServiceDescriptor Keyed(ServiceDescriptor inner, Type key)
    {
        if (inner.ImplementationInstance is { } instance) return ServiceDescriptor.KeyedSingleton(inner.ServiceType, key, instance);
        return inner.ImplementationFactory is { } factory
            ? ServiceDescriptor.DescribeKeyed(inner.ServiceType, key, (provider, _) => factory(provider), inner.Lifetime)
            : ServiceDescriptor.DescribeKeyed(inner.ServiceType, key, inner.ImplementationType!, inner.Lifetime);
    }
}
