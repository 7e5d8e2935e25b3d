using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.MassTransit.RabbitMq;

/// <summary>RabbitMQ: durable queues, confirmed sends, delayed redelivery by queues whose messages expire back into the main one.</summary>
internal sealed class RabbitMqTransport(IOptions<RabbitMqOptions> options) : IBusTransport
{
    public string Name => "RabbitMQ";

    // To the exchange of the queue, which the receiving end makes with the queue's own settings: sent to the queue, MassTransit would declare it anew.
    public Uri Address => Exchange(options.Value.Queue);

    public void Prepare(SendContext context)
    {
        context.TimeToLive = options.Value.MessageTtl;
        // Without a queue behind the exchange the broker gives the command back, instead of confirming what it drops.
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit)) rabbit.Mandatory = true;
    }

    /// <summary>The address of an exchange.</summary>
    public static Uri Exchange(string name) => new($"exchange:{name}");

    /// <summary>Makes the one endpoint.</summary>
    public static void Configure(IBusRegistrationConfigurator bus) => bus.UsingRabbitMq((context, rabbit) =>
    {
        var options = context.GetRequiredService<IOptions<RabbitMqOptions>>().Value;
        rabbit.Host(RabbitMqConnection.Settings(options));
        rabbit.SendTopology.ConfigureErrorSettings = queue => queue.SetQueueArgument("x-max-length", options.ErrorQueueLength);
        rabbit.ReceiveEndpoint(options.Queue, (IRabbitMqReceiveEndpointConfigurator endpoint) =>
        {
            var delays = new DelayQueues(options);
            endpoint.Durable = true;
            if (options.QuorumQueues) endpoint.SetQuorumQueue();
            endpoint.ConfigureChannel(channel => channel.UseFilter(delays));
            endpoint.UseFilter(new RedeliveryFilter(
                delays, context.GetRequiredService<TimeProvider>(), context.GetRequiredService<ILogger<RedeliveryFilter>>()));
            NotificationEndpoint.Configure(context, endpoint);
            if (options.Prefetch is { } prefetch) endpoint.PrefetchCount = prefetch;
        });
    });
}
