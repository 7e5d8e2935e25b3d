using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Millrace.Adapters.MassTransit.RabbitMq;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Health;
using Millrace.Ports.Notifications;

namespace Millrace.Adapters.MassTransit;

/// <summary>
/// Registers the notification bus: <see cref="INotificationBus"/> over MassTransit, with the settings under <c>Millrace:Notifications</c>. Commands go
/// to the <see cref="INotificationHandler"/> that a service has registered. Adds the health check <c>notification-bus</c>.
/// </summary>
public static class MassTransitModule
{
    /// <summary>A bus inside this process. A crash forgets what is under way; the sender's outbox does not.</summary>
    public static IServiceCollection AddInMemoryNotifications(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IBusTransport, InMemoryTransport>();
        // It takes a moment until the endpoint runs; nothing else can keep it from being ready.
        return services.AddBus(configuration, InMemoryTransport.Configure, [HealthEndpoints.ReadyTag]);
    }

    /// <summary>
    /// A bus over RabbitMQ, with the settings under <c>Millrace:RabbitMq</c>. A broker that is away keeps neither the host from starting nor the service
    /// from being ready: commands wait in the sender's outbox, and the health check tells.
    /// </summary>
    public static IServiceCollection AddRabbitMqNotifications(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMillraceOptions<RabbitMqOptions, RabbitMqOptionsValidator>(configuration, "RabbitMq");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RabbitMqOptions>, RabbitMqOptionsRules>());
        services.TryAddSingleton<IBusTransport, RabbitMqTransport>();
        return services.AddBus(configuration, RabbitMqTransport.Configure, []);
    }

    private static IServiceCollection AddBus(
        this IServiceCollection services, IConfiguration configuration, Action<IBusRegistrationConfigurator> configure, string[] healthTags)
    {
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
            configure(bus);
        });
        services.TryAddSingleton<INotificationBus, MassTransitNotificationBus>();
        services.AddHealthChecks().AddCheck<NotificationBusHealthCheck>("notification-bus", tags: healthTags);
        // MassTransit's own would say the same with fewer words, and take the service out of traffic.
        services.PostConfigure<HealthCheckServiceOptions>(health =>
        {
            foreach (var own in health.Registrations.Where(check => check.Name == "masstransit-bus").ToList()) health.Registrations.Remove(own);
        });
        return services;
    }
}
