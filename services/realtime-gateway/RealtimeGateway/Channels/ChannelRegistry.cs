using System.Collections.Concurrent;
using Millrace.Contracts;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Namespaces;
using Millrace.RealtimeGateway.Windows;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>All channels of this instance.</summary>
internal sealed class ChannelRegistry
{
    private readonly ConcurrentDictionary<string, Channel> _channels = new(StringComparer.Ordinal);
    private readonly ChannelServices _services;
    private readonly IEventLog _log;
    private readonly Dictionary<string, TopicState> _topics;

    public ChannelRegistry(ChannelServices services, IEventLog log)
    {
        _services = services;
        _log = log;
        _topics = new[] { Windows, Events, Alerts, Publications, Presence }.ToDictionary(state => state.Topic, StringComparer.Ordinal);
    }

    /// <summary>How far the windows' topic has been read.</summary>
    public TopicState Windows { get; } = new(Topics.Windows);

    /// <summary>How far the events' topic has been read.</summary>
    public TopicState Events { get; } = new(Topics.Events);

    /// <summary>How far the alerts' topic has been read.</summary>
    public TopicState Alerts { get; } = new(Topics.Alerts);

    /// <summary>How far the publications' topic has been read.</summary>
    public TopicState Publications { get; } = new(Topics.Publications);

    /// <summary>How far the presence's topic has been read.</summary>
    public TopicState Presence { get; } = new(Topics.Presence);

    /// <summary>Memory of all windows.</summary>
    public MemoryBudget WindowMemory { get; } = new();

    /// <summary>How many there are.</summary>
    public int Count => _channels.Count;

    /// <summary>All channels at this moment.</summary>
    public IEnumerable<Channel> All => _channels.Values;

    /// <summary>The topic behind a kind of channel.</summary>
    public TopicState TopicOf(ChannelNamespace kind) => _topics[kind.Topic];

    /// <summary>The channel if there is one.</summary>
    public Channel? Find(ChannelName name) => _channels.GetValueOrDefault(name.Key);

    /// <summary>The channel, made when there is none.</summary>
    public Channel Get(ChannelName name) => _channels.GetOrAdd(name.Key, static (_, state) => state.Self.Create(state.Name), (Self: this, Name: name));

    /// <summary>Forgets a channel that nobody needs.</summary>
    /// <returns>Whether it is gone.</returns>
    public bool Forget(Channel channel) =>
        channel.TryClose() && _channels.TryRemove(new KeyValuePair<string, Channel>(channel.Name.Key, channel));

    /// <summary>Closes a channel whose content holds no more; see <see cref="Channel.Abandon"/>.</summary>
    public void Abandon(Channel channel)
    {
        channel.Abandon();
        _channels.TryRemove(new KeyValuePair<string, Channel>(channel.Name.Key, channel));
    }

    /// <summary>Makes room when the windows of all streams hold more than they may: the longest unchanged ones go.</summary>
    public void BoundWindows()
    {
        var limit = _services.Options.Windows;
        if (WindowMemory.Count <= limit.Count && WindowMemory.Bytes <= limit.Bytes) return;
        var oldest = new PriorityQueue<Channel, long>();
        foreach (var channel in _channels.Values)
        {
            if (channel.Read(OldestChange) is { } at) oldest.Enqueue(channel, at);
        }

        // A little more than needed, so that this walk is not made for each batch.
        while ((WindowMemory.Count > limit.Count * 0.97 || WindowMemory.Bytes > limit.Bytes * 0.97) && oldest.TryDequeue(out var channel, out _))
        {
            var next = channel.Read(static content =>
            {
                ((WindowContent)content).Evict(64);
                return OldestChange(content);
            });
            if (next is { } at) oldest.Enqueue(channel, at);
        }
    }

    private static long? OldestChange(ChannelContent content) => (content as WindowContent)?.OldestChangeMs;

    private Channel Create(ChannelName name)
    {
        var history = new ChannelHistory();
        var kind = name.Namespace ?? throw new ArgumentException($"There is no channel {name.Text}.", nameof(name));
        var content = kind.CreateContent(new ContentParts(history, _services.Options, WindowMemory, _services.Metrics));
        var topic = TopicOf(kind);
        var channel = new Channel(name, topic, history, content, _services);
        if (topic.Partitions > 0 && kind.KeyOf(name) is { } key) channel.PlaceAt(_log.PartitionOf(key, topic.Partitions));
        return channel;
    }
}
