using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>
/// A channel: its history, its state and who listens. A publication is put into history, taken into the state and posted to the shards under one
/// lock, and so is the beginning of a subscription with its snapshot: between the two nothing can be missed or repeated.
/// </summary>
internal sealed partial class Channel
{
    private readonly Lock _gate = new();
    private readonly TopicState _topic;
    private readonly ChannelHistory _history;
    private readonly ChannelContent _content;
    private readonly GatewayOptions _options;
    private readonly ChannelNamespace _kind;
    private readonly HistoryLimits _limits;
    private readonly ChannelServices _services;
    private readonly List<Subscription>[] _subscribers;
    private readonly int[] _byShard;
    private readonly int[] _byDelta = new int[3];
    private readonly int[] _byWire = new int[Wire.All.Count];

    // Of them those that take publications whole.
    private readonly int[] _wholeByWire = new int[Wire.All.Count];
    private readonly Dictionary<(string? Type, Wire Wire), int> _aggregated = [];
    private readonly ChannelMessages _messages;
    private int? _partition;
    private bool _onDemand;
    private long _completeSince;
    private long _lastOffset;
    private long _aggregatedUpTo;
    private int _count;
    private int _filters;
    private bool _closed;
    private long _heldUntilMs;
    private long _quietSinceMs;
    private (long Offset, byte[] Document)? _snapshot;

    public Channel(ChannelName name, TopicState topic, ChannelHistory history, ChannelContent content, ChannelServices services)
    {
        Name = name;
        _topic = topic;
        _history = history;
        _content = content;
        _services = services;
        _options = services.Options;
        _kind = name.Namespace ?? throw new ArgumentException($"There is no channel {name.Text}.", nameof(name));
        _limits = _kind.Limits(_options);
        _subscribers = new List<Subscription>[services.Shards.Count];
        for (var i = 0; i < _subscribers.Length; i++) _subscribers[i] = [];
        _byShard = new int[_subscribers.Length];
        _messages = new ChannelMessages(name.Text, _kind.Words) { Epoch = topic.Epoch };
        _completeSince = topic.GreatestFloor;
        _quietSinceMs = services.NowMs;
    }

    public ChannelName Name { get; }

    /// <summary>What it carries.</summary>
    public ChannelNamespace Namespace => _kind;

    /// <summary>Log time of the last publication, 0 before the first.</summary>
    public long LastLoggedAtMs { get; private set; }

    /// <summary>Subscribers of one shard; only its loop touches the list.</summary>
    public List<Subscription> SubscribersIn(int shard) => _subscribers[shard];

    /// <summary>Whether anybody listens.</summary>
    public bool HasSubscribers => Volatile.Read(ref _count) > 0;

    /// <summary>How many listen.</summary>
    public int Subscribers => Volatile.Read(ref _count);

    /// <summary>The messages' texts, for replies.</summary>
    public ChannelMessages Messages => _messages;

    /// <summary>Memory of the history.</summary>
    public long HistoryBytes
    {
        get
        {
            lock (_gate) return _history.Bytes;
        }
    }

    /// <summary>Reads the state under the lock.</summary>
    public T Read<T>(Func<ChannelContent, T> read)
    {
        lock (_gate) return read(_content);
    }

    /// <summary>Takes a record that the log delivered. Called by the topic's reader, in order.</summary>
    /// <param name="publication">What it became.</param>
    /// <param name="partition">Where it stands.</param>
    /// <param name="source">What it was made from, for the state.</param>
    /// <returns>What came of it.</returns>
    public PublishOutcome Publish(Publication publication, int partition, object? source)
    {
        lock (_gate)
        {
            if (_closed) return PublishOutcome.Closed;
            Place(partition);
            if (publication.Offset == 0)
            {
                // For those who listen now, and nobody else.
                if (_count > 0) Broadcast(publication);
                return PublishOutcome.Published;
            }

            if (publication.Offset <= _lastOffset || !_content.Apply(publication, source)) return PublishOutcome.Stale;
            _history.Add(publication);
            _services.Histories.Add(1, publication.Size);
            _lastOffset = publication.Offset;
            LastLoggedAtMs = publication.LoggedAtMs;
            Bound(publication.LoggedAtMs, _options.History.Bytes);
            if (_count > 0) Broadcast(publication);
            return PublishOutcome.Published;
        }
    }

    /// <summary>Takes a record from before the live position into the state only.</summary>
    public PublishOutcome Keep(Publication publication, int partition, object source)
    {
        lock (_gate)
        {
            if (_closed) return PublishOutcome.Closed;
            Place(partition);
            if (!_content.Apply(publication, source)) return PublishOutcome.Stale;
            _snapshot = null;
            return PublishOutcome.Published;
        }
    }

    /// <summary>Tells subscribers that they get less than everything, or everything again.</summary>
    public void Announce(ReadOnlySpan<byte> document)
    {
        lock (_gate)
        {
            var message = new Broadcast(0, null, DeliveryMode.Every, _services.Time.GetTimestamp());
            foreach (var wire in Wire.All)
            {
                if (_wholeByWire[wire.Index] > 0) message[wire] = _messages.Degraded(wire, document);
            }

            for (var kind = DeltaKind.Fossil; kind <= DeltaKind.MergePatch; kind++)
            {
                if (_byDelta[(int)kind] > 0) message[kind] = _messages.DegradedDeltas(kind, document);
            }

            Post(message);
        }
    }

    /// <summary>Tells those who want to know that a client has come or gone.</summary>
    public void Tell(ClientInfo info, bool joined)
    {
        lock (_gate)
        {
            if (_count == 0) return;
            var message = new Broadcast(0, null, DeliveryMode.Every, _services.Time.GetTimestamp()) { JoinLeave = true };
            foreach (var wire in Wire.All)
            {
                if (_byWire[wire.Index] > 0 && wire.Format is { } format) message[wire] = _messages.JoinLeave(wire, format, info, joined);
            }

            Post(message);
        }
    }

    /// <summary>Sends what is final since the last time to the subscribers that want no more than that.</summary>
    public void Aggregate()
    {
        lock (_gate)
        {
            var from = _aggregatedUpTo;
            _aggregatedUpTo = _lastOffset;
            if (from == _lastOffset) return;
            foreach (var type in _aggregated.Keys.Select(k => k.Type).Distinct(StringComparer.Ordinal)) Aggregate(type, from);
        }
    }

    private void Aggregate(string? type, long from)
    {
        var finals = new List<Publication>();
        _content.After(from, new ChangeQuery(type, FinalsOnly: true, int.MaxValue), finals);
        if (finals.Count == 0) return;
        var document = _messages.Collect(finals);
        var message = new Broadcast(finals[^1].Offset, type, DeliveryMode.Aggregated, _services.Time.GetTimestamp());
        foreach (var wire in Wire.All)
        {
            if (_aggregated.ContainsKey((type, wire))) message[wire] = _messages.Snapshot(wire, document, finals[^1].Offset, aggregated: true);
        }

        if (_byDelta[(int)DeltaKind.MergePatch] > 0)
            message[DeltaKind.MergePatch] = _messages.SnapshotDeltas(DeltaKind.MergePatch, document, finals[^1].Offset, aggregated: true);

        Post(message);
    }

    private void Broadcast(Publication publication)
    {
        var message = new Broadcast(publication.Offset, publication.Type, DeliveryMode.Every, _services.Time.GetTimestamp());
        foreach (var wire in Wire.All)
        {
            if (_wholeByWire[wire.Index] > 0) message[wire] = _messages.Publication(wire, publication);
        }

        for (var kind = DeltaKind.Fossil; kind <= DeltaKind.MergePatch; kind++)
        {
            if (_byDelta[(int)kind] > 0) message[kind] = _messages.Deltas(kind, publication);
        }

        if (_filters > 0) message.Tags = TagsOf(publication);

        Post(message);
    }

    private IReadOnlyDictionary<string, string> TagsOf(Publication publication) => PublicationTags.Of(publication, ofPipeline: _kind.Words is not null);

    private void Post(Broadcast message)
    {
        for (var shard = 0; shard < _byShard.Length; shard++)
        {
            if (_byShard[shard] > 0) _services.Shards[shard].Post(new Work(WorkKind.Publish, this, message));
        }
    }

    /// <summary>Says where the channel's records stand, for one whose key tells it before the first has come.</summary>
    public void PlaceAt(int partition)
    {
        lock (_gate)
        {
            _messages.Epoch = _topic.Epoch;
            Place(partition);
        }
    }

    /// <summary>What was published before is to be forgotten.</summary>
    /// <param name="position">Position of the removal.</param>
    public void RemoveHistory(long position)
    {
        lock (_gate)
        {
            if (_closed) return;
            _services.Histories.Add(-_history.Count, -_history.Bytes);
            _history.Clear();
            _completeSince = Math.Max(_completeSince, position);
        }
    }

    private void Place(int partition)
    {
        if (_partition is not null) return;
        _partition = partition;
        _completeSince = _topic.Floor(partition);
    }

    // When a gateway is gone its clients come within seconds of each other, from about the same place.
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);

    private long Position => _partition is { } partition ? Math.Max(Math.Max(_lastOffset, _completeSince), _topic.Position(partition)) : _topic.LeastPosition;

    private void Bound(long nowMs, long bytes)
    {
        var since = nowMs - (long)_limits.Ttl.TotalMilliseconds;
        var count = nowMs < _heldUntilMs ? Math.Max(_limits.Count, _options.History.RecoveryCount) : _limits.Count;
        while (_history.Count > 0
            && (_history.Count > count || _history.Bytes > bytes || _history[0].LoggedAtMs < since))
        {
            _services.Histories.Add(-1, -_history[0].Size);
            _completeSince = Math.Max(_completeSince, _history.RemoveOldest());
        }
    }
}
