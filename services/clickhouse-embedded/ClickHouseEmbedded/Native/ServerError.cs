namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>The codes of ClickHouse's errors that this program raises itself.</summary>
internal enum ServerError
{
    /// <summary>Never raised.</summary>
    Unset = 0,

    /// <summary>A value that can't be.</summary>
    BadArguments = 36,

    /// <summary>A feature of ClickHouse that is not here.</summary>
    NotImplemented = 48,

    /// <summary>The text does not parse, or holds several statements.</summary>
    SyntaxError = 62,

    /// <summary>Unknown format.</summary>
    UnknownFormat = 73,

    /// <summary>No such setting.</summary>
    UnknownSetting = 115,

    /// <summary>Read-only and asked to write or to change a setting.</summary>
    Readonly = 164,

    /// <summary>The limit of concurrent queries is reached.</summary>
    TooManySimultaneousQueries = 202,

    /// <summary>Data that does not decompress.</summary>
    CannotDecompress = 271,

    /// <summary>INTO OUTFILE over HTTP.</summary>
    IntoOutfileNotAllowed = 358,

    /// <summary>A session that must exist does not.</summary>
    SessionNotFound = 372,

    /// <summary>A session is used by two requests at once.</summary>
    SessionIsLocked = 373,

    /// <summary>Not allowed to this user.</summary>
    AccessDenied = 497,

    /// <summary>Wrong or no credentials.</summary>
    AuthenticationFailed = 516,

    /// <summary>What ClickHouse says when something else is broken.</summary>
    UnknownException = 1002,
}

/// <summary>Names of <see cref="ServerError"/>.</summary>
internal static class ServerErrors
{
    /// <summary>ClickHouse's name of a code, as in <c>ACCESS_DENIED</c>.</summary>
    public static string Name(this ServerError error) => error switch
    {
        ServerError.BadArguments => "BAD_ARGUMENTS",
        ServerError.NotImplemented => "NOT_IMPLEMENTED",
        ServerError.SyntaxError => "SYNTAX_ERROR",
        ServerError.UnknownFormat => "UNKNOWN_FORMAT",
        ServerError.UnknownSetting => "UNKNOWN_SETTING",
        ServerError.Readonly => "READONLY",
        ServerError.TooManySimultaneousQueries => "TOO_MANY_SIMULTANEOUS_QUERIES",
        ServerError.CannotDecompress => "CANNOT_DECOMPRESS",
        ServerError.IntoOutfileNotAllowed => "INTO_OUTFILE_NOT_ALLOWED",
        ServerError.SessionNotFound => "SESSION_NOT_FOUND",
        ServerError.SessionIsLocked => "SESSION_IS_LOCKED",
        ServerError.AccessDenied => "ACCESS_DENIED",
        ServerError.AuthenticationFailed => "AUTHENTICATION_FAILED",
        ServerError.UnknownException => "UNKNOWN_EXCEPTION",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "No such error."),
    };
}
