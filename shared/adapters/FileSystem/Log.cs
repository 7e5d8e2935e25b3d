using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.FileSystem;

/// <summary>Log messages of this project: event ids 8250 to 8374.</summary>
internal static partial class Log
{
    [LoggerMessage(8250, LogLevel.Information, "Removed {Count} unfinished uploads that a process left in {Directory}.")]
    public static partial void RemovedStale(ILogger logger, int count, string directory);

    [LoggerMessage(8251, LogLevel.Warning, "Could not remove the unfinished upload {File}.")]
    public static partial void StaleNotRemoved(ILogger logger, string file, Exception exception);
}
