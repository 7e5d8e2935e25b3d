using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.MassTransit;

/// <summary>What is the same of the endpoint on every transport.</summary>
internal static class NotificationEndpoint
{
    public static void Configure(IBusRegistrationContext context, IReceiveEndpointConfigurator endpoint)
    {
        var options = context.GetRequiredService<IOptions<NotificationBusOptions>>().Value;
        // Commands are sent to the queue by name; nothing is published.
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.ConcurrentMessageLimit = options.Concurrency;
        endpoint.PrefetchCount = options.Concurrency;
        // At the consumer, not at the endpoint: there it would go around a transport's own redelivery, which is to begin where it ends.
        endpoint.ConfigureConsumer<NotificationConsumer>(context, consumer =>
        {
            if (options.Retries == 0) return;
            consumer.UseMessageRetry(retry => retry.Exponential(options.Retries, options.RetryDelay, TimeSpan.FromSeconds(10), options.RetryDelay * 2));
        });
    }
}
