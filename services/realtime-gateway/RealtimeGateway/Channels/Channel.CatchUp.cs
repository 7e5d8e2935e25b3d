using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Channels;

internal sealed partial class Channel
{
    /// <summary>What a lagging client gets when it has read everything that waited for it; called by its shard.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="limits">How much at once, and how far behind it may be.</param>
    /// <param name="into">Receives the messages; none where nothing of it is for this client.</param>
    /// <returns>Whether the client has everything then.</returns>
    public bool CatchUp(Subscription subscription, GatewayConnectionOptions limits, List<Frame> into)
    {
        lock (_gate)
        {
            return _kind.Words is null ? GoOn(subscription, limits, into) : BringState(subscription, limits.FrameBytes, into);
        }
    }

    /// <summary>What changed since its last message, as one message: the channel has a state.</summary>
    private bool BringState(Subscription subscription, int maxBytes, List<Frame> into)
    {
        var items = new List<Publication>();
        var query = new ChangeQuery(subscription.TypeFilter, subscription.Mode == DeliveryMode.Aggregated, maxBytes);
        var upTo = _content.After(subscription.SentOffset, query, items);
        subscription.SentOffset = upTo ?? Math.Max(subscription.SentOffset, _lastOffset);
        if (subscription.Filter is { } filter) items.RemoveAll(i => !filter.Matches(TagsOf(i)));
        if (items.Count == 0) return upTo is null;
        var document = _messages.Collect(items);
        if (subscription.Delta == DeltaKind.None)
        {
            into.Add(_messages.Snapshot(subscription.Connection.Wire, document, subscription.SentOffset, aggregated: true));
            return upTo is null;
        }

        var frames = _messages.SnapshotDeltas(subscription.Delta, document, subscription.SentOffset, aggregated: true);
        subscription.Base = frames.Document;
        into.Add(frames.For(subscription.Connection.Wire, null));
        return upTo is null;
    }

    /// <summary>Each publication since its last message, from the history; what that no longer holds is left out, or the client is sent back for it.</summary>
    private bool GoOn(Subscription subscription, GatewayConnectionOptions limits, List<Frame> into)
    {
        if (_kind.SlowClients == SlowClientPolicy.DropOldest)
        {
            LeaveOut(subscription, limits.QueueBytes / 2);
        }
        else if (subscription.SentOffset < _completeSince)
        {
            // It comes back and recovers, from the log if need be.
            var connection = subscription.Connection;
            connection.Shard.Close(connection, Disconnect.InsufficientState);
            return true;
        }

        var bytes = 0;
        for (var i = _history.IndexAfter(subscription.SentOffset); i < _history.Count; i++)
        {
            if (bytes >= limits.FrameBytes) return false;
            var publication = _history[i];
            subscription.SentOffset = publication.Offset;
            if (subscription.Filter is { } filter && !filter.Matches(TagsOf(publication))) continue;
            var frame = FrameOf(subscription, publication);
            into.Add(frame);
            bytes += frame.Length;
        }

        subscription.SentOffset = Math.Max(subscription.SentOffset, _lastOffset);
        return true;
    }

    /// <summary>Goes on behind what is more than so many bytes before the end.</summary>
    private void LeaveOut(Subscription subscription, long bytes)
    {
        var first = _history.IndexAfter(subscription.SentOffset);
        var from = _history.Count;
        while (from > first && (bytes -= _history[from - 1].Size) >= 0) from--;
        if (from == first && subscription.SentOffset >= _completeSince) return;
        _services.Metrics.LeftOut(_kind, from - first);
        subscription.SentOffset = from == 0 ? Math.Max(subscription.SentOffset, _completeSince) : Math.Max(subscription.SentOffset, _history[from - 1].Offset);
    }

    private Frame FrameOf(Subscription subscription, Publication publication)
    {
        var wire = subscription.Connection.Wire;
        if (subscription.Delta == DeltaKind.None) return _messages.Publication(wire, publication);
        var frames = _messages.Deltas(subscription.Delta, publication);
        var frame = frames.For(wire, subscription.Base);
        subscription.Base = frames.Document;
        return frame;
    }
}
