using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Fanout;

internal sealed partial class Shard
{
    /// <summary>Puts a message into a connection's queue whatever the queue holds: for replies and pings, which no channel repeats. Shard.</summary>
    public void Enqueue(Connection connection, Frame frame)
    {
        if (connection.Left || connection.Ending is not null) return;
        // A client that sends commands and reads no answers would grow its queue without end.
        if (connection.Queue.Bytes > 4L * limits.QueueBytes)
        {
            Close(connection, Disconnect.Slow);
            return;
        }

        connection.Queue.Add(frame);
        MarkDirty(connection);
    }

    /// <summary>Ends a connection: what waits goes out first, then the closing frame. Shard.</summary>
    public void Close(Connection connection, Disconnect disconnect)
    {
        if (connection.Left || connection.Ending is not null) return;
        if (connection.Held)
        {
            // What waits is what must not be read before a first message that will not come now.
            connection.Held = false;
            connection.Queue.Clear();
        }

        if (connection.ClosingFrame(disconnect) is { } last) connection.Queue.Add(last);
        connection.Ending = disconnect;
        connection.SinceMs = NowMs;
        MarkDirty(connection);
    }

    private void Publish(Channel channel, Broadcast message)
    {
        var (count, bytes) = (0, 0L);
        foreach (var subscription in CollectionsMarshal.AsSpan(channel.SubscribersIn(index)))
        {
            if (!subscription.Wants(message) || subscription.Lagging) continue;
            if (message.Offset != 0 && message.Offset <= subscription.SentOffset) continue;
            var connection = subscription.Connection;
            if (connection.Left || connection.Ending is not null || message.FrameFor(subscription) is not { } frame) continue;
            if (connection.Queue.Bytes + frame.Length > limits.QueueBytes)
            {
                // A burst alone is no slowness: only what the network does not take counts.
                Flush(connection);
                if (subscription.Lagging || connection.Queue.Bytes + frame.Length > limits.QueueBytes)
                {
                    Overflow(subscription, message);
                    continue;
                }
            }

            connection.Queue.Add(frame);
            if (subscription.Delta != DeltaKind.None && !message.JoinLeave) subscription.Base = message[subscription.Delta]!.Document;
            if (message.Offset != 0) subscription.SentOffset = message.Offset;
            count++;
            bytes += frame.Length;
            MarkDirty(connection);
        }

        if (count == 0) return;
        metrics.Delivered(channel.Namespace, count, bytes);
        _published.Add(message);
    }

    private void Overflow(Subscription subscription, Broadcast message)
    {
        // Without an offset there is no state to catch up from; such notes are repeated by nature.
        if (message.Offset == 0 || subscription.Lagging) return;
        if ((subscription.Channel.Namespace.SlowClients ?? limits.SlowClients) == SlowClientPolicy.Disconnect)
        {
            // What waits is what the client did not read: it would only delay the news.
            subscription.Connection.Queue.Clear();
            Close(subscription.Connection, Disconnect.Slow);
            return;
        }

        subscription.Lagging = true;
        subscription.Connection.Lagging++;
        metrics.Conflated(subscription.Channel.Namespace);
    }

    private void MarkDirty(Connection connection)
    {
        if (connection.Dirty) return;
        connection.Dirty = true;
        _dirty.Add(connection);
    }

    private void FlushDirty()
    {
        if (_dirty.Count > 0)
        {
            // Flushing may end connections, which never makes others dirty.
            foreach (var connection in CollectionsMarshal.AsSpan(_dirty))
            {
                connection.Dirty = false;
                Flush(connection);
            }

            _dirty.Clear();
            foreach (var wire in Wire.All) metrics.Sent(wire, _sentMessages[wire.Index], _sentBytes[wire.Index]);
            Array.Clear(_sentMessages);
            Array.Clear(_sentBytes);
            metrics.Queued(_highWater);
            _highWater = 0;
        }

        if (_published.Count == 0) return;
        var now = time.GetTimestamp();
        foreach (var message in CollectionsMarshal.AsSpan(_published)) metrics.Written(time.GetElapsedTime(message.Timestamp, now));
        _published.Clear();
    }

    private void Flush(Connection connection)
    {
        _highWater = Math.Max(_highWater, connection.Queue.Bytes);
        if (connection.Held) return;
        try
        {
            while (!connection.Writing && !connection.Left && HasMore(connection))
            {
                var waiting = connection.Queue.Count;
                var next = Next(connection);
                var messages = waiting - connection.Queue.Count;
                _sentMessages[connection.Wire.Index] += messages;
                _sentBytes[connection.Wire.Index] += next.Length;
                connection.Usage?.Sent(messages, next.Length);
                if (connection.TryWrite(next)) Return(connection);
                else if (connection.Ending is null) connection.SinceMs = NowMs;
            }
        }
        catch (Exception e)
        {
            if (!IsBroken(e)) Log.WorkFailed(logger, nameof(Flush), e);
            Break(connection);
        }
    }

    private bool HasMore(Connection connection)
    {
        if (connection.Queue.Count > 0) return true;
        if (connection.Ending is null) return connection.Lagging > 0 && CatchUp(connection);
        connection.MarkClosed();
        return false;
    }

    private void Written(Connection connection)
    {
        try
        {
            connection.EndWrite();
        }
        catch (Exception e)
        {
            if (!IsBroken(e)) Log.WorkFailed(logger, nameof(Written), e);
            Break(connection);
        }

        Return(connection);
        if (connection.Left) connection.MarkLeft();
        else MarkDirty(connection);
    }

    private static void Break(Connection connection)
    {
        Return(connection);
        connection.Queue.Clear();
        connection.Lagging = 0;
        connection.Ending ??= Disconnect.WriteError;
        connection.Transport.Abort();
        connection.MarkClosed();
    }

    private static void Return(Connection connection)
    {
        if (connection.Rented is null) return;
        ArrayPool<byte>.Shared.Return(connection.Rented);
        connection.Rented = null;
    }

    /// <summary>A client that lagged has read everything: give it the latest state of what it missed.</summary>
    /// <returns>Whether there is something to send.</returns>
    private bool CatchUp(Connection connection)
    {
        foreach (var subscription in connection.Subscriptions)
        {
            if (!subscription.Lagging) continue;
            bool done;
            do
            {
                _caughtUp.Clear();
                done = subscription.Channel.CatchUp(subscription, limits, _caughtUp);
                foreach (var frame in _caughtUp) connection.Queue.Add(frame);
            }
            while (!done && _caughtUp.Count == 0);

            _caughtUp.Clear();
            if (!done) continue;
            subscription.Lagging = false;
            connection.Lagging--;
        }

        return connection.Queue.Count > 0;
    }

    /// <summary>Takes what goes out in one write: a shared frame as it is, or several joined in pooled memory.</summary>
    private ReadOnlyMemory<byte> Next(Connection connection)
    {
        ref var queue = ref connection.Queue;
        var first = queue.Take();
        if (!queue.TryPeek(0, out var second) || first.Length + second.Length > limits.FrameBytes) return first.Bytes;
        if (first.Joining != second.Joining) return first.Bytes;
        var joined = first.Joining != Joining.None;
        var lines = first.Joining == Joining.Lines;

        // Count what fits, then copy.
        var count = 0;
        var size = joined ? first.Payload.Length : first.Length;
        while (queue.TryPeek(count, out var frame) && frame.Joining == first.Joining)
        {
            var more = joined ? frame.Payload.Length + (lines ? 1 : 0) : frame.Length;
            if (size + more > limits.FrameBytes) break;
            size += more;
            count++;
        }

        var rented = ArrayPool<byte>.Shared.Rent(size + Frame.MaxHeader);
        connection.Rented = rented;
        var at = joined ? Frame.WriteHeader(rented, lines ? WebSocketOpcode.Text : WebSocketOpcode.Binary, size) : 0;
        at += Copy(first, joined, rented.AsSpan(at));
        for (; count > 0; count--)
        {
            if (lines) rented[at++] = (byte)'\n';
            at += Copy(queue.Take(), joined, rented.AsSpan(at));
        }

        return rented.AsMemory(0, at);
    }

    private static int Copy(Frame frame, bool payloadOnly, Span<byte> destination)
    {
        var source = payloadOnly ? frame.Payload : frame.Bytes.Span;
        source.CopyTo(destination);
        return source.Length;
    }

    private static bool IsBroken(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;
}
