using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.Sqlite;

/// <summary>Log messages of this project: event ids 8500 to 8624.</summary>
internal static partial class Log
{
    [LoggerMessage(8500, LogLevel.Information, "Migrated {Module} to version {Version}: {Name}.")]
    public static partial void Migrated(ILogger logger, string module, int version, string name);

    [LoggerMessage(8501, LogLevel.Warning, "Looking for notifications in {File} failed; listeners will be told that anything may have changed.")]
    public static partial void PollFailed(ILogger logger, string file, Exception exception);

    [LoggerMessage(8502, LogLevel.Warning, "A rollback in {File} failed; the connection is opened anew.")]
    public static partial void RollbackFailed(ILogger logger, string file, Exception exception);
}
