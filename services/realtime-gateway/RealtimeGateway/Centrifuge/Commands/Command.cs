namespace Millrace.RealtimeGateway.Centrifuge.Commands;

/// <summary>Methods of a command.</summary>
internal enum CommandMethod
{
    /// <summary>None: the answer to a ping.</summary>
    Pong = 0,

    /// <summary>Authenticate.</summary>
    Connect,

    /// <summary>Listen to a channel.</summary>
    Subscribe,

    /// <summary>Stop listening.</summary>
    Unsubscribe,

    /// <summary>Publish into a channel.</summary>
    Publish,

    /// <summary>Who is in a channel.</summary>
    Presence,

    /// <summary>How many are in a channel.</summary>
    PresenceStats,

    /// <summary>What was in a channel.</summary>
    History,

    /// <summary>A client's ping.</summary>
    Ping,

    /// <summary>A message without reply.</summary>
    Send,

    /// <summary>A remote call.</summary>
    Rpc,

    /// <summary>A new token for the connection.</summary>
    Refresh,

    /// <summary>A new token for a subscription.</summary>
    SubRefresh,
}

/// <summary>A client's command, with the fields that this server looks at, whatever the format it came in.</summary>
internal sealed class Command
{
    /// <summary>Number that the reply carries, 0 when none is expected.</summary>
    public uint Id { get; set; }

    public CommandMethod Method { get; set; }

    /// <summary>Token of connect, refresh, subscribe and sub_refresh.</summary>
    public string Token { get; set; } = "";

    /// <summary>Channel of whatever names one.</summary>
    public string Channel { get; set; } = "";

    /// <summary>Subscribe: bring what was missed.</summary>
    public bool Recover { get; set; }

    /// <summary>Subscribe, history: epoch of the position.</summary>
    public string Epoch { get; set; } = "";

    /// <summary>Subscribe, history: the position.</summary>
    public long Offset { get; set; }

    /// <summary>History: whether a position was given.</summary>
    public bool HasSince { get; set; }

    /// <summary>History: how many.</summary>
    public int Limit { get; set; }

    /// <summary>History: newest first.</summary>
    public bool Reverse { get; set; }

    /// <summary>Subscribe: tell who comes and goes.</summary>
    public bool JoinLeave { get; set; }

    /// <summary>Subscribe: how differences between publications may be sent; empty for whole ones only.</summary>
    public string Delta { get; set; } = "";

    /// <summary>Subscribe: only publications whose tags match.</summary>
    public TagFilter? Filter { get; set; }

    /// <summary>Subscribe: 0 for a stream; others are not offered.</summary>
    public int Type { get; set; }

    /// <summary>Publish, rpc, send, connect, subscribe: the document, as JSON in UTF-8 (over Protobuf: whatever the client sent).</summary>
    public byte[] Data { get; set; } = [];

    /// <summary>Rpc: the method.</summary>
    public string RpcMethod { get; set; } = "";

    /// <summary>Connect: name and version of the client's program.</summary>
    public string Name { get; set; } = "";

    public string Version { get; set; } = "";

    /// <summary>Connect: positions in server-side subscriptions, as subscribe commands.</summary>
    public IReadOnlyList<Command> Subs { get; set; } = [];
}
