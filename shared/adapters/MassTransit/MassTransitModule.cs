using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;
using Millrace.Ports.Notifications;

namespace Millrace.Adapters.MassTransit;

/// <summary>Registers the notification bus.</summary>
public static class MassTransitModule
{
    private static readonly IBusTransportSetup[] Transports = [new InMemoryTransport()];

    /// <summary>
    /// Adds <see cref="INotificationBus"/> over MassTransit with the settings under <c>Millrace:Notifications</c>; commands go to the
    /// <see cref="INotificationHandler"/> that a service has registered. Adds MassTransit's health check <c>masstransit-bus</c>.
    /// </summary>
    public static IServiceCollection AddMassTransitAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMillraceOptions<NotificationBusOptions, NotificationBusOptionsValidator>(configuration, NotificationBusOptions.Section);
        services.AddOptions<MassTransitHostOptions>().Configure(host =>
        {
            host.WaitUntilStarted = false; // A broker that is away must not keep the rest from starting; its health check tells.
            host.StopTimeout = TimeSpan.FromSeconds(15);
            host.ConsumerStopTimeout = TimeSpan.FromSeconds(5);
        });
        services.AddMassTransit(bus =>
        {
            // Nothing about an installation leaves it.
            bus.DisableUsageTelemetry();
            bus.AddConsumer<NotificationConsumer>();
            Choose(configuration).Configure(bus, MassTransitNotificationBus.Queue, ConfigureEndpoint);
        });
        services.TryAddSingleton<INotificationBus, MassTransitNotificationBus>();
        return services;
    }

    // The transport decides which services are registered, before options exist; a value that is none is reported by their validation.
    private static IBusTransportSetup Choose(IConfiguration configuration)
    {
        var name = configuration.GetSection(OptionsExtensions.Root).GetSection(NotificationBusOptions.Section)[nameof(NotificationBusOptions.Transport)];
        return Enum.TryParse<BusTransport>(name, ignoreCase: true, out var transport)
            ? Array.Find(Transports, candidate => candidate.Transport == transport) ?? Transports[0]
            : Transports[0];
    }

    private static void ConfigureEndpoint(IBusRegistrationContext context, IReceiveEndpointConfigurator endpoint)
    {
        var options = context.GetRequiredService<IOptions<NotificationBusOptions>>().Value;
        // Commands are sent to the queue by name; nothing is published.
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.ConcurrentMessageLimit = options.Concurrency;
        endpoint.PrefetchCount = options.Concurrency;
        if (options.Retries > 0)
        {
            endpoint.UseMessageRetry(retry => retry.Exponential(
                options.Retries, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(500)));
        }
        endpoint.ConfigureConsumer<NotificationConsumer>(context);
    }
}
