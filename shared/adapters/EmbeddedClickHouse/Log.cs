using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.EmbeddedClickHouse;

internal static partial class Log
{
    [LoggerMessage(7750, LogLevel.Information, "ClickHouse runs as process {Process} at {Url}")]
    public static partial void Ready(ILogger logger, int process, Uri url);

    [LoggerMessage(7751, LogLevel.Error, "ClickHouse, process {Process}, ended with {ExitCode}; it is started again")]
    public static partial void Ended(ILogger logger, int process, int exitCode);

    [LoggerMessage(7752, LogLevel.Error, "ClickHouse can't be started: {Reason}")]
    public static partial void CannotStart(ILogger logger, string reason);

    [LoggerMessage(7753, LogLevel.Information, "clickhouse: {Line}")]
    public static partial void Said(ILogger logger, string line);

    [LoggerMessage(7754, LogLevel.Warning, "ClickHouse, process {Process}, did not end within {Seconds} s and was killed")]
    public static partial void Killed(ILogger logger, int process, double seconds);

    [LoggerMessage(7755, LogLevel.Information, "ClickHouse, process {Process}, was gone already")]
    public static partial void AlreadyGone(ILogger logger, int process);
}
