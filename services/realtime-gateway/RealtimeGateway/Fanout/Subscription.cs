using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>A connection's interest in a channel.</summary>
internal sealed class Subscription(Connection connection, Channel channel, SubscriptionWish wish)
{
    public Connection Connection => connection;

    public Channel Channel => channel;

    public DeliveryMode Mode => wish.Mode;

    /// <summary>Only this window or event type; <see langword="null"/> for all.</summary>
    public string? TypeFilter => wish.Type;

    /// <summary>How what is like the message before is sent.</summary>
    public DeltaKind Delta => wish.Delta;

    /// <summary>Only publications whose tags match; <see langword="null"/> for all.</summary>
    public TagFilter? Filter => wish.Filter;

    /// <summary>
    /// What the client has, for deltas: the document of the last message that went into its queue, told by its identity. <see langword="null"/> at first: the first
    /// message is whole, and from then on all who take the channel have the same. The shard's alone.
    /// </summary>
    public byte[]? Base { get; set; }

    /// <summary>
    /// Everything up to here has been sent or was not for this client. Set at the registration under the channel's lock, from then on the
    /// shard's alone.
    /// </summary>
    public long SentOffset { get; set; }

    /// <summary>The client's queue was full: it gets the channel's latest state once it has read. The shard's alone.</summary>
    public bool Lagging { get; set; }

    /// <summary>Place in the shard's list for the channel, -1 when not in it. The shard's alone.</summary>
    public int Index { get; set; } = -1;

    /// <summary>The client as others in the channel see it; <see langword="null"/> for one that has no name.</summary>
    public ClientInfo? Info { get; init; }

    /// <summary>Whether it is told who comes and goes.</summary>
    public bool JoinLeave { get; init; }

    /// <summary>Whether the channel counts this subscription. Under the channel's lock.</summary>
    public bool Registered { get; set; }

    /// <summary>Whether a message is for this client. Aggregated messages are made for each filter, the others are filtered here.</summary>
    public bool Wants(Broadcast message)
    {
        if (message.Mode != wish.Mode || (message.JoinLeave && !JoinLeave)) return false;
        if (wish.Mode == DeliveryMode.Aggregated) return string.Equals(wish.Type, message.Type, StringComparison.Ordinal);
        return (wish.Type is null || message.Type is null || string.Equals(wish.Type, message.Type, StringComparison.Ordinal))
            && (wish.Filter is null || message.Tags is null || wish.Filter.Matches(message.Tags));
    }
}
