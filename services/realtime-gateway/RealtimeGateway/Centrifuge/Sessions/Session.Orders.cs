using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>What others order. Within a turn.</summary>
internal sealed partial class Session
{
    /// <summary>Begins a subscription for the client, whatever it may itself.</summary>
    /// <param name="name">The channel.</param>
    /// <param name="data">JSON for the client; empty for none.</param>
    /// <param name="info">JSON that others see of it in the channel; empty for none.</param>
    /// <param name="end">When it ends; <see langword="null"/> for never.</param>
    /// <exception cref="TimeoutException">The log cannot be read at the moment.</exception>
    public async ValueTask BeginByServerAsync(ChannelName name, byte[] data, byte[] info, DateTimeOffset? end)
    {
        if (Grants is null || _subscriptions.ContainsKey(name.Text) || _subscriptions.Count >= Services.Options.Channels) return;
        var subscription = await Services.Subscriptions.SubscribeAsync(
            Connection,
            name,
            new SubscriptionWish(DeliveryMode.Every) { ChanInfo = info.Length > 0 ? info : null },
            default,
            (channel, outcome) => SubscribePush(channel, outcome, data),
            CancellationToken.None);
        var ends = end is { } at ? Connection.Shard.NowMs + (long)(at - Services.Time.GetUtcNow()).TotalMilliseconds : long.MaxValue;
        Keep(name.Text, new SessionSubscription(subscription, serverSide: true) { ByToken = true, Info = info, EndsMs = ends });
    }

    /// <summary>Lets the credential hold until another time than it says, and tells the client.</summary>
    public void Prolong(DateTimeOffset? end)
    {
        if (Grants is not { } grants) return;
        Grants = new ChannelGrants(grants.Caller with { ExpiresAt = end }, grants.Channels, grants.Claims);
        _watch.Prolong(end, Services.Time.GetUtcNow());
        using var push = BeginPush("", Fields.Push.Refresh);
        push.Flag(Fields.Refresh.Expires, end is not null);
        if (SecondsLeft is { } ttl) push.Number(Fields.Refresh.Ttl, ttl);
        Push(push);
    }

    private Frame SubscribePush(Channel channel, SubscribeOutcome outcome, byte[] data)
    {
        using var push = BeginPush(channel.Name.Text, Fields.Push.Subscribe);
        push.Flag(Fields.Subscribe.Pushed.Recoverable, channel.Namespace.Recovery);
        push.Flag(Fields.Subscribe.Pushed.Positioned, channel.Namespace.Recovery);
        push.Text(Fields.Subscribe.Pushed.Epoch, outcome.Epoch);
        push.Number(Fields.Subscribe.Pushed.Offset, outcome.Offset, always: true);
        if (data.Length > 0) push.Data(Fields.Subscribe.Pushed.Data, data);
        else if (outcome.Snapshot is { } snapshot) push.Data(Fields.Subscribe.Pushed.Data, ChannelMessages.Wrapped(snapshot));
        return EndPush(push);
    }
}
