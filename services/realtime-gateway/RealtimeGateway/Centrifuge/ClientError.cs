namespace Millrace.RealtimeGateway.Centrifuge;

/// <summary>An error in the reply to a command, as the Centrifuge protocol numbers them.</summary>
/// <param name="Code">100 to 112; from 400 on those of remote calls.</param>
/// <param name="Message">For people.</param>
/// <param name="Temporary">Whether the client tries again by itself.</param>
internal sealed record ClientError(int Code, string Message, bool Temporary = false)
{
    /// <summary>Our fault.</summary>
    public static readonly ClientError Internal = new(100, "internal server error", Temporary: true);

    /// <summary>No such channel.</summary>
    public static readonly ClientError UnknownChannel = new(102, "unknown channel");

    /// <summary>The credential does not allow it.</summary>
    public static readonly ClientError PermissionDenied = new(103, "permission denied");

    /// <summary>No such method.</summary>
    public static readonly ClientError MethodNotFound = new(104, "method not found");

    /// <summary>Subscribed already.</summary>
    public static readonly ClientError AlreadySubscribed = new(105, "already subscribed");

    /// <summary>Too many channels.</summary>
    public static readonly ClientError LimitExceeded = new(106, "limit exceeded");

    /// <summary>Malformed.</summary>
    public static readonly ClientError BadRequest = new(107, "bad request");

    /// <summary>Not offered.</summary>
    public static readonly ClientError NotAvailable = new(108, "not available");

    /// <summary>The token has expired; come back with a new one.</summary>
    public static readonly ClientError TokenExpired = new(109, "token expired");

    /// <summary>There is no such thing (a code of ours: from 400 on).</summary>
    public static readonly ClientError NotFound = new(404, "not found");

    /// <summary>The thing is not in a state for that (a code of ours).</summary>
    public static readonly ClientError Conflict = new(409, "conflict");

    /// <summary>The position is older than what is kept, or of another epoch.</summary>
    public static readonly ClientError UnrecoverablePosition = new(112, "unrecoverable position");
}
