using Microsoft.Extensions.Logging;

namespace Millrace.Hosting;

/// <summary>Log messages of this project: event ids 1000 to 1999.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Error, "Worker {Worker} failed ({Failures} in a row); it runs again in {Seconds:0.0} s.")]
    public static partial void WorkerFailed(ILogger logger, string worker, int failures, double seconds, Exception exception);

    [LoggerMessage(1001, LogLevel.Information, "Worker {Worker} has ended by itself.")]
    public static partial void WorkerEnded(ILogger logger, string worker);

    [LoggerMessage(1002, LogLevel.Warning, "Worker {Worker} failed while it was stopped.")]
    public static partial void WorkerFailedWhileStopping(ILogger logger, string worker, Exception exception);

    [LoggerMessage(1003, LogLevel.Warning, "Worker {Worker} did not stop within {Seconds:0} s; going on without it.")]
    public static partial void WorkerStuck(ILogger logger, string worker, double seconds);

    [LoggerMessage(1010, LogLevel.Debug, "A token was refused: {Reason}.")]
    public static partial void TokenRefused(ILogger logger, string reason);

    [LoggerMessage(1011, LogLevel.Warning, "The key set {File} can't be read; the keys read before stay in force.")]
    public static partial void JwksUnreadable(ILogger logger, string file, Exception exception);

    [LoggerMessage(1020, LogLevel.Information, "Made the first API key of tenant {Tenant}.")]
    public static partial void BootstrapKeyMade(ILogger logger, string tenant);

    [LoggerMessage(1030, LogLevel.Error, "{Method} {Path} failed; trace id {TraceId}.")]
    public static partial void RequestFailed(ILogger logger, string method, string path, string traceId, Exception exception);

    [LoggerMessage(1031, LogLevel.Warning, "{Path} was refused because a dependency failed.")]
    public static partial void DependencyFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(1032, LogLevel.Warning, "There are {Limit} connections, which is the limit; {Refused} more were answered with 503 since this was said last.")]
    public static partial void ConnectionsRefused(ILogger logger, int limit, long refused);

    [LoggerMessage(1040, LogLevel.Warning, "A request to the object store ({Operation}) failed, repetition {Attempt} in {DelaySeconds:0.###} s: {Reason}")]
    public static partial void ObjectsRetried(ILogger logger, string operation, int attempt, double delaySeconds, string reason);

    [LoggerMessage(1041, LogLevel.Warning, "A query did not reach ClickHouse, repetition {Attempt} in {DelaySeconds:0.###} s: {Reason}")]
    public static partial void ClickHouseRetried(ILogger logger, int attempt, double delaySeconds, string reason);

    [LoggerMessage(1050, LogLevel.Warning, "Incidents can't be written to the metadata database; they are kept in memory and tried again.")]
    public static partial void IncidentsUnwritten(ILogger logger, Exception exception);
}
