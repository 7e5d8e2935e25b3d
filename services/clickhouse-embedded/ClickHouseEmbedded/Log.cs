using System.Net;

namespace Millrace.ClickHouse.Embedded;

/// <summary>The program's log messages, events 7000 to 7499.</summary>
internal static partial class Log
{
    [LoggerMessage(7000, LogLevel.Information, "ClickHouse {Version} serves {Directory}")]
    public static partial void Started(ILogger logger, string version, string directory);

    [LoggerMessage(7001, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(7002, LogLevel.Warning, "The engine did not stop in time; ending the process")]
    public static partial void StopTimedOut(ILogger logger);

    [LoggerMessage(7010, LogLevel.Information, "Refused tenant {Tenant}: {Code} {Message}")]
    public static partial void Refused(ILogger logger, string tenant, int code, string message);

    [LoggerMessage(7011, LogLevel.Information, "Authentication failed for {User} from {Address}")]
    public static partial void AuthenticationFailed(ILogger logger, string user, IPAddress? address);

    [LoggerMessage(7012, LogLevel.Debug, "A statement failed: {Code} {Message}")]
    public static partial void Failed(ILogger logger, int code, string message);

    [LoggerMessage(7013, LogLevel.Warning, "A query failed after its first rows: {Code} {Message}")]
    public static partial void FailedLate(ILogger logger, int code, string message);

    [LoggerMessage(7014, LogLevel.Debug, "The client has gone; its statement was cancelled")]
    public static partial void ClientGone(ILogger logger);

    [LoggerMessage(7015, LogLevel.Warning, "A query could not be killed: {Message}")]
    public static partial void KillFailed(ILogger logger, string message);

    [LoggerMessage(7016, LogLevel.Error, "The metadata database does not answer; API keys can't be checked")]
    public static partial void KeysUnavailable(ILogger logger, Exception exception);
}
