using MassTransit;
using MassTransit.RabbitMqTransport;

namespace Millrace.Adapters.MassTransit.RabbitMq;

/// <summary>
/// One queue for each delay, without a consumer: its messages expire, and the broker moves them back to the main queue. Any RabbitMQ can do that,
/// where delayed exchanges need a plugin. All messages of one queue wait equally long, so none holds up another. Declared whenever the endpoint
/// connects, before it consumes, so that a broker whose data was lost gets them again.
/// </summary>
internal sealed class DelayQueues(RabbitMqOptions options) : IFilter<ChannelContext>
{
    /// <summary>Redeliveries before a message goes to the error queue.</summary>
    public int Count => options.Delays.Count;

    /// <summary>The delay of a redelivery, counted from 0.</summary>
    public TimeSpan Delay(int redelivery) => options.Delays[redelivery];

    /// <summary>Where to send a message for it.</summary>
    public Uri Address(int redelivery) => RabbitMqTransport.Exchange(Name(Delay(redelivery)));

    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        foreach (var delay in options.Delays.Distinct())
        {
            var name = Name(delay);
            var arguments = new Dictionary<string, object?>
            {
                ["x-message-ttl"] = (long)delay.TotalMilliseconds,
                ["x-dead-letter-exchange"] = options.Queue,
            };
            if (options.QuorumQueues) arguments["x-queue-type"] = "quorum";
            await context.ExchangeDeclare(name, "fanout", true, false, null);
            await context.QueueDeclare(name, true, false, false, arguments!);
            await context.QueueBind(name, name, "", null);
        }

        await next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("delayQueues");

    // The delay is part of the name: a queue's settings can't be changed, so another delay is another queue.
    private string Name(TimeSpan delay) => $"{options.Queue}_delay_{(long)delay.TotalMilliseconds}ms";
}
