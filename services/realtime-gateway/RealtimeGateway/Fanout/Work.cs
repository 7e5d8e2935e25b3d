namespace Millrace.RealtimeGateway.Fanout;

/// <summary>What a shard is asked to do.</summary>
/// <param name="Kind">The task.</param>
/// <param name="Target">Channel, connection or subscription.</param>
/// <param name="Argument">Broadcast, frame or disconnect.</param>
internal readonly record struct Work(WorkKind Kind, object Target, object? Argument = null);

/// <summary>Tasks of a shard.</summary>
internal enum WorkKind
{
    /// <summary>Nothing: never posted.</summary>
    Unset = 0,

    /// <summary>A connection begins.</summary>
    Join,

    /// <summary>A message for one connection.</summary>
    Send,

    /// <summary>A message for all subscribers of a channel in this shard.</summary>
    Publish,

    /// <summary>A subscription begins, with the reply, if any, that must go out before its first message.</summary>
    Subscribe,

    /// <summary>Nothing goes out to a connection before what it must read first.</summary>
    Hold,

    /// <summary>What a held connection must read first is there.</summary>
    Release,

    /// <summary>A subscription ends, with the message that says so.</summary>
    Unsubscribe,

    /// <summary>A pending write has ended.</summary>
    Written,

    /// <summary>The server ends a connection.</summary>
    Close,

    /// <summary>The server ends every connection that listens to a channel.</summary>
    Expel,

    /// <summary>The connection's reader has ended.</summary>
    Leave,

    /// <summary>Look at the clock.</summary>
    Tick,

    /// <summary>End some connections, because this instance stops.</summary>
    Drain,

    /// <summary>Show every connection to somebody.</summary>
    Visit,

    /// <summary>Cut every connection.</summary>
    Cut,
}

/// <summary>A look at every connection of a shard.</summary>
/// <param name="Look">What is done with each; it must be quick.</param>
/// <param name="Done">Completes after the last.</param>
internal sealed record Visit(Action<Connection> Look, TaskCompletionSource Done);

/// <summary>How many connections to end, and how.</summary>
internal sealed record DrainStep(int Connections, Centrifuge.Disconnect Disconnect);
