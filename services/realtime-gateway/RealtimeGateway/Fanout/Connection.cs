using System.Runtime.CompilerServices;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>
/// A client's connection as its shard sees it. Members marked "shard" are touched by the shard's loop only, which is what makes it the single
/// writer of every connection in it.
/// </summary>
internal abstract class Connection
{
    private static readonly TaskCompletionSource Completed = Done();

    // Made when somebody waits: most of a connection's life nobody does.
    private TaskCompletionSource? _left;
    private TaskCompletionSource? _closed;
    private Action? _written;
    private ConnectionIdentity? _identity;
    private ConnectionCounts? _counts;
    private ValueTaskAwaiter _pending;

    /// <summary>Makes a connection; it takes part from <see cref="Shard"/>'s Join on.</summary>
    protected Connection(Wire wire, IClientTransport transport, Shard shard)
    {
        Wire = wire;
        Transport = transport;
        Shard = shard;
    }

    public Wire Wire { get; }

    public IClientTransport Transport { get; }

    public Shard Shard { get; }

    /// <summary>Code that the connection ended with, for the metrics; set once. Shard.</summary>
    public Disconnect? Ending { get; set; }

    /// <summary>How others in a channel see the client; <see langword="null"/> for one that has no name. Within a turn of its session.</summary>
    public IDescribesClient? Describer { get; set; }

    /// <summary>Who it is; <see langword="null"/> before it was let in. Any thread.</summary>
    public ConnectionIdentity? Identity
    {
        get => Volatile.Read(ref _identity);
        private set => Volatile.Write(ref _identity, value);
    }

    /// <summary>What its tenant uses; <see langword="null"/> before it was let in.</summary>
    public TenantUsage? Usage { get; private set; }

    /// <summary>It is let in. Once, before it is closed.</summary>
    /// <returns><see langword="false"/> when its tenant or user has as many connections as it may.</returns>
    public bool TryEnter(ConnectionIdentity identity, TenantUsages usages, ConnectionCounts counts)
    {
        if (!counts.TryEnter(identity)) return false;
        var usage = usages.Of(identity.Tenant);
        usage.Connected(+1);
        (_counts, Usage) = (counts, usage);
        Identity = identity;
        return true;
    }

    /// <summary>It is over. Shard.</summary>
    public void GiveBack()
    {
        if (Identity is not { } identity) return;
        Usage?.Connected(-1);
        _counts?.Leave(identity);
    }

    /// <summary>What waits. Shard.</summary>
#pragma warning disable CA1051 // A mutable struct: a property would copy it.
    public OutQueue Queue;
#pragma warning restore CA1051

    /// <summary>A write is under way. Shard.</summary>
    public bool Writing { get; set; }

    /// <summary>In the list of connections to flush. Shard.</summary>
    public bool Dirty { get; set; }

    /// <summary>The reader has ended; nothing is sent any more. Shard.</summary>
    public bool Left { get; set; }

    /// <summary>Nothing goes out before <see cref="WorkKind.Release"/>: the first message is still being made. Shard.</summary>
    public bool Held { get; set; }

    /// <summary>Pooled memory of the write under way. Shard.</summary>
    public byte[]? Rented { get; set; }

    /// <summary>When the write under way began or the close was sent, milliseconds of the shard's clock. Shard.</summary>
    public long SinceMs { get; set; }

    /// <summary>Place in the shard's list. Shard.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Subscriptions of this connection. Shard.</summary>
    public List<Subscription> Subscriptions { get; } = new(1);

    /// <summary>How many of them lag. Shard.</summary>
    public int Lagging { get; set; }

    /// <summary>Short name of the transport for metrics.</summary>
    public abstract string Kind { get; }

    /// <summary>Sends a message in order with everything else. Any thread.</summary>
    public void Send(Frame frame) => Shard.Post(new Work(WorkKind.Send, this, frame));

    /// <summary>Ends the connection after what waits has been sent. Any thread.</summary>
    public void Close(Disconnect disconnect) => Shard.Post(new Work(WorkKind.Close, this, disconnect));

    /// <summary>Tells the shard that the reader has ended. Completes when no write can happen any more. Any thread, once.</summary>
    public Task LeaveAsync()
    {
        Shard.Post(new Work(WorkKind.Leave, this));
        return TaskOf(ref _left);
    }

    /// <summary>Timers: pings, deadlines. Shard.</summary>
    /// <param name="nowMs">Milliseconds of the shard's clock.</param>
    public abstract void OnTick(long nowMs);

    /// <summary>Last message of the connection, if its wire has one. Shard.</summary>
    public abstract Frame? ClosingFrame(Disconnect disconnect);

    /// <summary>Completes when the connection has ended and everything including <see cref="ClosingFrame"/> has been sent, or cannot be.</summary>
    public Task Closed => TaskOf(ref _closed);

    /// <summary>Nothing more will be sent. Shard.</summary>
    public void MarkClosed() => Complete(ref _closed);

    /// <summary>Writes; throws when it fails at once. Shard.</summary>
    /// <returns><see langword="false"/> when the write is under way: the shard is told of its end by <see cref="WorkKind.Written"/>.</returns>
    public bool TryWrite(ReadOnlyMemory<byte> bytes)
    {
#pragma warning disable CA2012 // Consumed exactly once: here when it has completed, else in EndWrite.
        var write = Transport.SendAsync(bytes).GetAwaiter();
#pragma warning restore CA2012
        if (write.IsCompleted)
        {
            write.GetResult();
            return true;
        }

        _pending = write;
        Writing = true;
        write.UnsafeOnCompleted(_written ??= () => Shard.Post(new Work(WorkKind.Written, this)));
        return false;
    }

    /// <summary>Outcome of the awaited write; throws what it threw. Shard.</summary>
    public void EndWrite()
    {
        Writing = false;
        var pending = _pending;
        _pending = default;
        pending.GetResult();
    }

    /// <summary>No write can happen any more. Shard.</summary>
    public void MarkLeft() => Complete(ref _left);

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    private static Task TaskOf(ref TaskCompletionSource? source)
    {
        if (Volatile.Read(ref source) is { } known) return known.Task;
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref source, made, null) ?? made).Task;
    }

    private static void Complete(ref TaskCompletionSource? source)
    {
        if (Volatile.Read(ref source) is null && Interlocked.CompareExchange(ref source, Completed, null) is null) return;
        source!.TrySetResult();
    }
}

/// <summary>Says how others in a channel see a client.</summary>
internal interface IDescribesClient
{
    /// <summary>The client in a channel.</summary>
    ClientInfo InfoIn(ChannelName name);
}
