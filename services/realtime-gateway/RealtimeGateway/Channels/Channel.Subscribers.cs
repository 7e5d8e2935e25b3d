using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Channels;

internal sealed partial class Channel
{
    /// <summary>The partition of the channel's records, once one has come.</summary>
    public int? Partition
    {
        get
        {
            lock (_gate) return _partition;
        }
    }

    /// <summary>Begins a subscription: with what the client missed, or else with a snapshot.</summary>
    /// <returns><see langword="false"/> when the channel has just been forgotten: get it anew.</returns>
    public bool Subscribe(Subscription subscription, in RecoveryRequest request, SubscribeReply reply)
    {
        lock (_gate)
        {
            if (_closed) return false;
            // For whoever wants only the latest, a snapshot is what it missed.
            var missed = subscription.Mode == DeliveryMode.Every ? Recover(request, subscription) : null;
            var outcome = missed ?? Begin(subscription);
            if (request.Wanted) _services.Metrics.Recovered(_kind, outcome.Recovered);
            var frame = reply(this, outcome);
            subscription.SentOffset = outcome.Offset;
            Register(subscription, +1);
            subscription.Connection.Shard.Post(new Work(WorkKind.Subscribe, subscription, frame));
            return true;
        }
    }

    /// <summary>Ends a subscription. Without effect when it has ended.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="message">Goes out after the channel's last message to it.</param>
    public void Unsubscribe(Subscription subscription, Frame? message)
    {
        lock (_gate)
        {
            if (subscription.Registered) Register(subscription, -1);
            subscription.Connection.Shard.Post(new Work(WorkKind.Unsubscribe, subscription, message));
        }
    }

    /// <summary>A page of history.</summary>
    /// <param name="since">Where from; <see langword="null"/> for the oldest (the newest when reversed).</param>
    /// <param name="limit">At most so many; negative for as many as there are, 0 for the position only.</param>
    /// <param name="reverse">Newest first.</param>
    /// <returns><see langword="null"/> when the position is of another epoch or older than what is kept.</returns>
    public HistoryPage? History((string Epoch, long Offset)? since, int limit, bool reverse)
    {
        lock (_gate)
        {
            var items = new List<Publication>();
            if (since is { } from && limit != 0)
            {
                if (from.Epoch.Length > 0 && !string.Equals(from.Epoch, _topic.Epoch, StringComparison.Ordinal)) return null;
                if (!reverse && (from.Offset < _completeSince || from.Offset > Position)) return null;
            }

            var most = limit < 0 ? _options.History.PageCount : Math.Min(limit, _options.History.PageCount);
            if (reverse)
            {
                var i = since is { } before ? _history.IndexAfter(before.Offset - 1) - 1 : _history.Count - 1;
                for (; i >= Shown && items.Count < most; i--) items.Add(_history[i]);
            }
            else
            {
                for (var i = since is { } after ? _history.IndexAfter(after.Offset) : Shown; i < _history.Count && items.Count < most; i++)
                    items.Add(_history[i]);
            }

            return new HistoryPage(_topic.Epoch, Position, items);
        }
    }

    // More may be held for those who come back than the history shows.
    private int Shown => Math.Max(0, _history.Count - _limits.Count);

    /// <summary>Says where the channel's records stand and from which position on the reader hands it everything; for channels that are fed on demand.</summary>
    public void BeginLive(int partition, long position)
    {
        lock (_gate)
        {
            _messages.Epoch = _topic.Epoch;
            _onDemand = true;
            _partition = partition;
            _completeSince = position;
        }
    }

    /// <summary>Puts what was read from the log in front of the history.</summary>
    /// <param name="older">Ascending.</param>
    /// <param name="from">Position from which on they are complete.</param>
    /// <param name="upTo">Position up to which they are.</param>
    public void Prepend(IReadOnlyList<Publication> older, long from, long upTo)
    {
        lock (_gate)
        {
            // Closed; or something has been dropped meanwhile, or put in front by another: these would leave a hole, or stand there twice.
            if (_closed || _completeSince != upTo) return;
            _history.Prepend(older);
            foreach (var publication in older) _services.Histories.Add(1, publication.Size);
            _completeSince = from;
            if (older.Count > 0) _lastOffset = Math.Max(_lastOffset, older[^1].Offset);
            // What one had to read from the log the next one finds here, even where the history is short.
            if (!_kind.OnDemand) _heldUntilMs = _services.NowMs + (long)Hold.TotalMilliseconds;
            Bound(_services.NowMs, _options.History.Bytes);
        }
    }

    /// <summary>What the history lacks for a client that goes on from where it was, if that is all that keeps it from being recovered.</summary>
    public HistoryGap? GapBefore(in RecoveryRequest request)
    {
        lock (_gate)
        {
            if (!_kind.ReadsBack || _partition is not { } partition || !request.Wanted || !IsOfEpoch(request) || request.Offset >= _completeSince || _history.Count > _options.History.RecoveryCount) return null;
            return new HistoryGap(partition, request.Offset, _completeSince, [.. Enumerable.Range(0, _history.Count).Select(i => _history[i])], Position);
        }
    }

    /// <summary>Forgets what is too old, and answers whether the channel itself can be forgotten.</summary>
    /// <param name="historyBytes">Bytes that the history may keep.</param>
    public bool Housekeep(long historyBytes)
    {
        lock (_gate)
        {
            var now = _services.NowMs;
            Bound(now, Math.Min(historyBytes, _options.History.Bytes));
            _content.Trim(now);
            if (_count == 0 || _snapshot?.Offset != _lastOffset) _snapshot = null;
            if (_count > 0 || now - _quietSinceMs < _options.History.Linger.TotalMilliseconds) return false;
            return _kind.OnDemand || (_content.IsEmpty && _history.Count == 0);
        }
    }

    /// <summary>Forgets the channel unless somebody has just come.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            if (_count > 0) return false;
            _closed = true;
            if (_partition is { } partition && !_onDemand) _topic.RaiseFloor(partition, Math.Max(_completeSince, _lastOffset));
            Empty();
            return true;
        }
    }

    /// <summary>Nothing known of the channel holds any more: it is closed, and whoever listens has to come back to a new one.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _closed = true;
            Empty();
            foreach (var shard in _services.Shards) shard.Post(new Work(WorkKind.Expel, this, Disconnect.InsufficientState));
        }
    }

    private void Empty()
    {
        _services.Histories.Add(-_history.Count, -_history.Bytes);
        _history.Clear();
        _content.Clear();
    }

    private void Register(Subscription subscription, int by)
    {
        subscription.Registered = by > 0;
        var connection = subscription.Connection;
        Volatile.Write(ref _count, _count + by);
        _byShard[connection.Shard.Index] += by;
        if (subscription.Filter is not null) _filters += by;
        if (subscription.Delta != DeltaKind.None) _byDelta[(int)subscription.Delta] += by;
        if (subscription.Mode == DeliveryMode.Every)
        {
            _byWire[connection.Wire.Index] += by;
            if (subscription.Delta == DeltaKind.None) _wholeByWire[connection.Wire.Index] += by;
        }
        else
        {
            var key = (subscription.TypeFilter, connection.Wire);
            _aggregated[key] = _aggregated.GetValueOrDefault(key) + by;
            if (_aggregated[key] == 0) _aggregated.Remove(key);
            if (by > 0 && _aggregated.Count == 1) _aggregatedUpTo = Math.Max(_aggregatedUpTo, subscription.SentOffset);
        }

        if (_count == 0) _quietSinceMs = _services.NowMs;
        if (subscription.Info is { } info && (_kind.Presence || _kind.JoinLeave))
        {
            if (by > 0) _services.Presence.Joined(Name, info);
            else _services.Presence.Left(Name, info);
        }

        _services.Metrics.Subscribed(_kind, by);
    }

    private bool IsOfEpoch(in RecoveryRequest request) =>
        _topic.Epoch.Length > 0 && (request.Epoch.Length == 0 || string.Equals(request.Epoch, _topic.Epoch, StringComparison.Ordinal));

    private SubscribeOutcome? Recover(in RecoveryRequest request, Subscription subscription)
    {
        if (!request.Wanted || !_kind.Recovery || !IsOfEpoch(request)) return null;
        var position = Position;
        var since = request.Read?.UpTo ?? request.Offset;
        if (since < _completeSince || since > position) return null;
        var read = request.Read?.Publications ?? [];
        var first = _history.IndexAfter(since);
        if (read.Count + _history.Count - first > _options.History.RecoveryCount) return null;
        var missed = new List<Publication>(read.Count + _history.Count - first);
        var bytes = 0;
        for (var i = 0; i < read.Count + _history.Count - first; i++)
        {
            var publication = i < read.Count ? read[i] : _history[first + i - read.Count];
            bytes += publication.Size;
            if (bytes > _options.History.RecoveryBytes) return null;
            if (subscription.TypeFilter is null || string.Equals(subscription.TypeFilter, publication.Type, StringComparison.Ordinal))
            {
                if (subscription.Filter is null || subscription.Filter.Matches(TagsOf(publication))) missed.Add(publication);
            }
        }

        return new SubscribeOutcome { Epoch = _topic.Epoch, Offset = position, Recovered = true, Missed = missed };
    }

    private SubscribeOutcome Begin(Subscription subscription) =>
        new() { Epoch = _topic.Epoch, Offset = Position, Snapshot = _kind.Words is null ? null : Snapshot(subscription.TypeFilter, subscription.Filter) };

    private byte[] Snapshot(string? type, TagFilter? filter)
    {
        if (type is null && filter is null && _snapshot is { } cached && cached.Offset == _lastOffset) return cached.Document;
        var items = new List<Publication>();
        _content.Snapshot(type, items);
        if (filter is not null) items.RemoveAll(i => !filter.Matches(TagsOf(i)));
        var document = _messages.Collect(items);
        if (type is null && filter is null) _snapshot = (_lastOffset, document);
        return document;
    }
}
