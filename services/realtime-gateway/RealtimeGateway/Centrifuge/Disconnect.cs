namespace Millrace.RealtimeGateway.Centrifuge;

/// <summary>
/// Why the server ends a connection: WebSocket close code and reason, as the Centrifuge protocol numbers them. Clients come back by
/// themselves after 3000-3499 and never after 3500-3999.
/// </summary>
/// <param name="Code">Close code.</param>
/// <param name="Reason">For people; ASCII, at most 123 bytes.</param>
internal sealed record Disconnect(int Code, string Reason)
{
    /// <summary>Whether the client comes back by itself.</summary>
    public bool Reconnects => Code is not ((>= 3500 and < 4000) or (>= 4500 and < 5000));

    /// <summary>The connection is over and nobody asked for it.</summary>
    public static readonly Disconnect ConnectionClosed = new(3000, "connection closed");

    /// <summary>This instance stops.</summary>
    public static readonly Disconnect Shutdown = new(3001, "shutdown");

    /// <summary>Something failed in here.</summary>
    public static readonly Disconnect ServerError = new(3004, "internal server error");

    /// <summary>The token has expired and no new one came.</summary>
    public static readonly Disconnect Expired = new(3005, "connection expired");

    /// <summary>The client does not read fast enough.</summary>
    public static readonly Disconnect Slow = new(3008, "slow");

    /// <summary>Writing to the client failed.</summary>
    public static readonly Disconnect WriteError = new(3009, "write error");

    /// <summary>The client's position in a channel means nothing any more: come back and get a snapshot.</summary>
    public static readonly Disconnect InsufficientState = new(3010, "insufficient state");

    /// <summary>No answer to a ping.</summary>
    public static readonly Disconnect NoPong = new(3012, "no pong");

    /// <summary>Commands come too fast.</summary>
    public static readonly Disconnect TooManyRequests = new(3013, "too many requests");

    /// <summary>The credential is not valid.</summary>
    public static readonly Disconnect InvalidToken = new(3500, "invalid token");

    /// <summary>A frame breaks the protocol.</summary>
    public static readonly Disconnect BadRequest = new(3501, "bad request");

    /// <summary>More channels than a connection may have.</summary>
    public static readonly Disconnect ChannelLimit = new(3505, "channel limit");

    /// <summary>No connect command in time.</summary>
    public static readonly Disconnect Stale = new(3502, "stale");

    /// <summary>Somebody who may has ended it.</summary>
    public static readonly Disconnect Forced = new(3503, "force disconnect");

    /// <summary>The tenant or the user has as many connections as it may.</summary>
    public static readonly Disconnect ConnectionLimit = new(3504, "connection limit");

    /// <summary>The credential does not allow to connect.</summary>
    public static readonly Disconnect PermissionDenied = new(3507, "permission denied");

    /// <summary>There is no such thing here.</summary>
    public static readonly Disconnect NotAvailable = new(3508, "not available");

    /// <summary>The client said goodbye (never sent).</summary>
    public static readonly Disconnect ByClient = new(1000, "");
}
