namespace Millrace.RealtimeGateway.Centrifuge;

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

/// <summary>A client's command, with the fields that this server looks at.</summary>
internal sealed class Command
{
    /// <summary>Number that the reply carries, 0 when none is expected.</summary>
    public uint Id { get; set; }

    public CommandMethod Method { get; set; }

    /// <summary>Token of connect and refresh.</summary>
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

    /// <summary>Subscribe: filter by tags, which no channel here allows.</summary>
    public bool HasFilter { get; set; }

    /// <summary>Subscribe: 0 for a stream; others are not offered.</summary>
    public int Type { get; set; }
}
