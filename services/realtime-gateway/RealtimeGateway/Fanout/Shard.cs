using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>
/// A group of connections with one loop that does all their writing. Whoever has something for them posts it; order of posting is order of
/// sending, which is what keeps a subscribe reply in front of the channel's next message. What is posted together leaves together: each
/// connection is flushed once for all that came.
/// </summary>
internal sealed partial class Shard(
    int index, GatewayConnectionOptions limits, GatewayMetrics metrics, TimeProvider time, ILogger logger) : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly List<Connection> _connections = [];
    private readonly List<Connection> _dirty = [];
    private readonly List<Broadcast> _published = [];
    private readonly List<Frame> _caughtUp = [];
    private List<Work> _inbox = [];
    private List<Work> _batch = [];
    private bool _scheduled;
    private TaskCompletionSource? _drained;
    private int _count;
    private readonly long[] _sentMessages = new long[Wire.All.Count];
    private readonly long[] _sentBytes = new long[Wire.All.Count];
    private long _highWater;

    /// <summary>Number of the shard.</summary>
    public int Index => index;

    /// <summary>Tasks not yet begun.</summary>
    public int Backlog
    {
        get
        {
            lock (_gate) return _inbox.Count;
        }
    }

    /// <summary>Connections in it.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Milliseconds of the monotonic clock.</summary>
    public long NowMs => (long)time.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Asks for something. Any thread; never blocks.</summary>
    public void Post(in Work work)
    {
        lock (_gate)
        {
            _inbox.Add(work);
            if (_scheduled) return;
            _scheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Completes when everything posted so far has been begun.</summary>
    public Task DrainedAsync()
    {
        lock (_gate)
        {
            if (_inbox.Count == 0) return Task.CompletedTask;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            TaskCompletionSource? drained;
            lock (_gate)
            {
                if (_inbox.Count == 0)
                {
                    _scheduled = false;
                    return;
                }

                (_inbox, _batch) = (_batch, _inbox);
                (drained, _drained) = (_drained, null);
            }

            drained?.TrySetResult();
            foreach (ref readonly var work in CollectionsMarshal.AsSpan(_batch)) Try(work);
            // Lists keep their largest array; after a storm it would stay for good.
            if (_batch.Capacity > 8192) _batch = [];
            else _batch.Clear();
            FlushDirty();
        }
    }

    // One connection's trouble must not stop the loop that all the others depend on.
    private void Try(in Work work)
    {
        try
        {
            Do(work);
        }
        catch (Exception e)
        {
            Log.WorkFailed(logger, work.Kind.ToString(), e);
            if ((work.Target as Connection ?? (work.Target as Subscription)?.Connection) is { Left: false } connection) Break(connection);
            // Some have the message and some have not: all come back for what they miss.
            if (work is { Kind: WorkKind.Publish, Target: Channel channel }) Expel(channel, Disconnect.InsufficientState);
        }
    }

    private void Do(in Work work)
    {
        switch (work.Kind)
        {
            case WorkKind.Publish: Publish((Channel)work.Target, (Broadcast)work.Argument!); break;
            case WorkKind.Send: Enqueue((Connection)work.Target, (Frame)work.Argument!); break;
            case WorkKind.Subscribe: Subscribe((Subscription)work.Target, (Frame?)work.Argument); break;
            case WorkKind.Unsubscribe: Unsubscribe((Subscription)work.Target, (Frame?)work.Argument); break;
            case WorkKind.Written: Written((Connection)work.Target); break;
            case WorkKind.Close: Close((Connection)work.Target, (Disconnect)work.Argument!); break;
            case WorkKind.Expel: Expel((Channel)work.Target, (Disconnect)work.Argument!); break;
            case WorkKind.Hold: ((Connection)work.Target).Held = ((Connection)work.Target) is { Left: false, Ending: null }; break;
            case WorkKind.Release: Release((Connection)work.Target, (Frame)work.Argument!); break;
            case WorkKind.Join: Join((Connection)work.Target); break;
            case WorkKind.Leave: Leave((Connection)work.Target); break;
            case WorkKind.Tick: Tick(); break;
            case WorkKind.Drain: Drain((DrainStep)work.Argument!); break;
            case WorkKind.Visit: Show((Visit)work.Argument!); break;
            case WorkKind.Cut: _connections.ForEach(static c => c.Transport.Abort()); break;
            default: throw new InvalidOperationException($"Unknown work {work.Kind}.");
        }
    }

    private void Expel(Channel channel, Disconnect disconnect)
    {
        foreach (var subscription in channel.SubscribersIn(index)) Close(subscription.Connection, disconnect);
    }

    private void Join(Connection connection)
    {
        connection.Index = _connections.Count;
        _connections.Add(connection);
        Volatile.Write(ref _count, _connections.Count);
    }

    private void Leave(Connection connection)
    {
        connection.Left = true;
        connection.Queue.Clear();
        foreach (var subscription in connection.Subscriptions) RemoveFromChannel(subscription);
        connection.Subscriptions.Clear();
        RemoveAt(_connections, connection.Index, static (c, i) => c.Index = i);
        connection.Index = -1;
        Volatile.Write(ref _count, _connections.Count);
        connection.GiveBack();
        metrics.Disconnected(connection.Kind, (connection.Ending ?? Disconnect.ConnectionClosed).Code);
        if (connection.Writing) connection.Transport.Abort();
        else connection.MarkLeft();
    }

    private void Subscribe(Subscription subscription, Frame? reply)
    {
        var connection = subscription.Connection;
        if (connection.Left) return;
        connection.Subscriptions.Add(subscription);
        var list = subscription.Channel.SubscribersIn(index);
        subscription.Index = list.Count;
        list.Add(subscription);
        if (reply is not null) Enqueue(connection, reply);
    }

    // What a client must read first was not ready when the rest came.
    private void Release(Connection connection, Frame first)
    {
        connection.Held = false;
        if (connection.Left || connection.Ending is not null) return;
        connection.Queue.AddFirst(first);
        MarkDirty(connection);
    }

    private void Unsubscribe(Subscription subscription, Frame? message)
    {
        var connection = subscription.Connection;
        if (connection.Subscriptions.Remove(subscription))
        {
            RemoveFromChannel(subscription);
            if (subscription.Lagging) connection.Lagging--;
        }

        if (message is not null) Enqueue(connection, message);
    }

    private void RemoveFromChannel(Subscription subscription)
    {
        if (subscription.Index < 0) return;
        RemoveAt(subscription.Channel.SubscribersIn(index), subscription.Index, static (s, i) => s.Index = i);
        subscription.Index = -1;
    }

    private static void RemoveAt<T>(List<T> list, int at, Action<T, int> moved)
    {
        var last = list[^1];
        list[at] = last;
        moved(last, at);
        list.RemoveAt(list.Count - 1);
    }

    private void Show(Visit visit)
    {
        try
        {
            foreach (var connection in _connections) visit.Look(connection);
        }
        finally
        {
            visit.Done.TrySetResult();
        }
    }

    private void Drain(DrainStep step)
    {
        var left = step.Connections;
        for (var i = _connections.Count - 1; i >= 0 && left > 0; i--)
        {
            if (_connections[i].Ending is not null) continue;
            Close(_connections[i], step.Disconnect);
            left--;
        }
    }

    private void Look(Connection connection, long now)
    {
        try
        {
            connection.OnTick(now);
        }
        catch (Exception e)
        {
            Log.WorkFailed(logger, nameof(Tick), e);
            Break(connection);
        }
    }

    private void Tick()
    {
        var now = NowMs;
        for (var i = _connections.Count - 1; i >= 0; i--)
        {
            var connection = _connections[i];
            if (connection.Ending is not null)
            {
                if (now - connection.SinceMs > limits.CloseTimeout.TotalMilliseconds) connection.Transport.Abort();
            }
            else if (connection.Writing && now - connection.SinceMs > limits.WriteStallTimeout.TotalMilliseconds)
            {
                connection.Ending = Disconnect.Slow;
                connection.Transport.Abort();
            }
            else
            {
                Look(connection, now);
            }
        }
    }
}
