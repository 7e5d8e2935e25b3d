using Microsoft.Extensions.Options;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>Begins subscriptions, on whatever wire.</summary>
internal sealed class Subscriptions(ChannelRegistry registry, EventSource events, IOptions<GatewayOptions> options, TimeProvider time)
{
    // As long as a client waits for a reply by itself.
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The channel, ready to be used: read to its end, its recent past known.</summary>
    /// <exception cref="TimeoutException">The log cannot be read at the moment.</exception>
    public async ValueTask<Channel> OpenAsync(ChannelName name, CancellationToken cancellationToken)
    {
        if (!name.Namespace!.OnDemand)
        {
            var ready = registry.TopicOf(name.Namespace).Ready;
            if (!ready.IsCompleted) await ready.WaitAsync(ReadyTimeout, time, cancellationToken);
            return registry.Get(name);
        }

        var channel = registry.Get(name);
        await events.ActivateAsync(channel, cancellationToken).WaitAsync(ReadyTimeout, time, cancellationToken);
        return channel;
    }

    /// <summary>Begins a subscription; the reply is on its way when this completes.</summary>
    /// <exception cref="TimeoutException">The log cannot be read at the moment.</exception>
    public async ValueTask<Subscription> SubscribeAsync(
        Connection connection,
        ChannelName name,
        DeliveryMode mode,
        string? type,
        RecoveryRequest request,
        SubscribeReply reply,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var channel = await OpenAsync(name, cancellationToken);
            var asked = request;
            if (request.Wanted)
            {
                await CatchUpAsync(channel, request, cancellationToken);
                if (mode == DeliveryMode.Every) asked = await events.ReachBackAsync(channel, request, cancellationToken);
            }

            var subscription = new Subscription(connection, channel, mode, type);
            if (channel.Subscribe(subscription, asked, reply)) return subscription;
            // It was being forgotten at that very moment.
            await Task.Yield();
        }
    }

    // The client may have been with an instance that is a little ahead of this one, or this one may have just started.
    private async ValueTask CatchUpAsync(Channel channel, RecoveryRequest request, CancellationToken cancellationToken)
    {
        var topic = registry.TopicOf(channel.Namespace);
        if (channel.Partition is not { } partition || (request.Epoch.Length > 0 && request.Epoch != topic.Epoch)) return;
        await topic.WaitAsync(partition, request.Offset, options.Value.History.CatchUpTimeout, time, cancellationToken);
    }
}
