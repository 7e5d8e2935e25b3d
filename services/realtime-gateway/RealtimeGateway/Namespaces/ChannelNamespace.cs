using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary>
/// A kind of channel: what its channels are called, where their records come from, what is kept of them and who may use them. One instance serves
/// all channels of the kind; it holds no state of theirs. A new kind is a class of this and its line in <see cref="NamespaceTable"/>.
/// </summary>
internal abstract class ChannelNamespace
{
    /// <summary>The part of the channel's name that says the kind; also its label in metrics.</summary>
    public abstract string Name { get; }

    /// <summary>Topic that its records stand on.</summary>
    public abstract string Topic { get; }

    /// <summary>What one of its items is called in messages; <see langword="null"/> when publications go out as they came, without an envelope.</summary>
    public virtual ItemWords? Words => null;

    /// <summary>Whether its channels are fed only while somebody listens.</summary>
    public virtual bool OnDemand => false;

    /// <summary>Whether what memory no longer holds can be read back from the log.</summary>
    public virtual bool ReadsBack => OnDemand;

    /// <summary>Whether a client that comes back gets what it missed.</summary>
    public virtual bool Recovery => true;

    /// <summary>Whether it is known who listens.</summary>
    public virtual bool Presence => false;

    /// <summary>Whether listeners are told who comes and goes.</summary>
    public virtual bool JoinLeave => false;

    /// <summary>Whether a subscription may ask for deltas.</summary>
    public virtual bool Delta => true;

    /// <summary>What happens to a slow client; <see langword="null"/> for what the connections' options say.</summary>
    public virtual SlowClientPolicy? SlowClients => null;

    /// <summary>Whether such a channel exists.</summary>
    /// <param name="scope">Whose it is.</param>
    /// <param name="rest">What follows the namespace, <see langword="null"/> when nothing does.</param>
    public abstract bool Accepts(ChannelScope scope, string? rest);

    /// <summary>How much of a channel is kept in memory.</summary>
    public virtual HistoryLimits Limits(GatewayOptions options) => new(options.History.Count, options.History.Ttl);

    /// <summary>The state of a new channel.</summary>
    public abstract ChannelContent CreateContent(in ContentParts parts);

    /// <summary>Key of a channel's records, where all of them have one and the channel's place is known beforehand.</summary>
    public virtual byte[]? KeyOf(ChannelName name) => null;

    /// <summary>How a channel's records are read back; only where <see cref="ReadsBack"/>.</summary>
    public virtual ChannelRecords OpenRecords(ChannelName name, GatewayOptions options, DateTimeOffset now) =>
        throw new NotSupportedException($"Channels of {Name} are not read back.");

    /// <summary>Whether a client that is granted the channel may listen to it.</summary>
    public virtual bool MaySubscribe(ChannelGrants grants, ChannelName name) => true;

    /// <summary>Whether a client that is granted the channel may publish into it.</summary>
    public virtual bool MayPublish(ChannelGrants grants, ChannelName name) => false;

    /// <summary>Whether the server API may publish into it.</summary>
    public virtual bool TakesPublications => false;
}

/// <summary>What the items of a kind of channel are called in messages.</summary>
/// <param name="One">The <c>type</c> of a message with one.</param>
/// <param name="Many">The field of a snapshot that lists them.</param>
internal sealed record ItemWords(byte[] One, byte[] Many);

/// <summary>How much of a channel is kept in memory.</summary>
/// <param name="Count">Publications.</param>
/// <param name="Ttl">Their age.</param>
internal readonly record struct HistoryLimits(int Count, TimeSpan Ttl);

/// <summary>What a channel's state is made with.</summary>
/// <param name="History">The channel's history.</param>
/// <param name="Options">Limits.</param>
/// <param name="Windows">Memory of all windows.</param>
/// <param name="Metrics">Counters.</param>
internal readonly record struct ContentParts(ChannelHistory History, GatewayOptions Options, MemoryBudget Windows, GatewayMetrics Metrics);
