using Microsoft.Extensions.Options;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>Begins subscriptions, on whatever wire.</summary>
internal sealed class Subscriptions(ChannelRegistry registry, EventSource events, LookBack lookBack, IOptions<GatewayOptions> options, TimeProvider time)
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

    /// <summary>A page of a channel's history; what memory does not hold is read from the log.</summary>
    /// <returns><see langword="null"/> when the position is of another epoch, or what followed it is no longer kept.</returns>
    /// <exception cref="TimeoutException">The log cannot be read at the moment.</exception>
    public async ValueTask<(Channel Channel, HistoryPage? Page)> HistoryAsync(
        ChannelName name, (string Epoch, long Offset)? since, int limit, bool reverse, CancellationToken cancellationToken)
    {
        var channel = await OpenAsync(name, cancellationToken);
        var page = channel.History(since, limit, reverse);
        if (page is not null || since is not { } from || reverse) return (channel, page);
        var request = await lookBack.ReachBackAsync(channel, new RecoveryRequest(Wanted: true, from.Epoch, from.Offset), cancellationToken);
        page = channel.History(since, limit, reverse);
        if (page is not null || request.Read is not { } read) return (channel, page);
        // More than memory may hold: it was read for this page alone.
        var most = limit < 0 ? options.Value.History.PageCount : Math.Min(limit, options.Value.History.PageCount);
        return (channel, new HistoryPage(registry.TopicOf(channel.Namespace).Epoch, read.UpTo, [.. read.Publications.Take(most)]));
    }

    /// <summary>Begins a subscription; the reply is on its way when this completes.</summary>
    /// <exception cref="TimeoutException">The log cannot be read at the moment.</exception>
    public async ValueTask<Subscription> SubscribeAsync(
        Connection connection,
        ChannelName name,
        SubscriptionWish wish,
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
                if (wish.Mode == DeliveryMode.Every) asked = await lookBack.ReachBackAsync(channel, request, cancellationToken);
            }

            var subscription = new Subscription(connection, channel, wish)
            {
                Info = connection.Describer?.InfoIn(name) is { } info ? wish.ChanInfo is { } document ? info with { ChanInfo = document } : info : null,
                JoinLeave = wish.JoinLeave && name.Namespace!.JoinLeave,
            };
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
