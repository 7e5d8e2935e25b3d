using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Hosting.Configuration;
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
        services.Add(Keyed(inner));
        services.AddSingleton<IObjectStore>(provider => new ResilientObjectStore(
            provider.GetRequiredKeyedService<IObjectStore>(typeof(ResilientObjectStore)), provider.GetRequiredService<ObjectRetries>()));
        return services;
    }

    private static ServiceDescriptor Keyed(ServiceDescriptor inner)
    {
        var key = typeof(ResilientObjectStore);
        if (inner.ImplementationInstance is { } instance) return ServiceDescriptor.KeyedSingleton(typeof(IObjectStore), key, instance);
        return inner.ImplementationFactory is { } factory
            ? ServiceDescriptor.DescribeKeyed(typeof(IObjectStore), key, (provider, _) => factory(provider), inner.Lifetime)
            : ServiceDescriptor.DescribeKeyed(typeof(IObjectStore), key, inner.ImplementationType!, inner.Lifetime);
    }
}
