using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.FasterLog;

/// <summary>Log messages of this project: event ids 8000 to 8249.</summary>
internal static partial class Log
{
    [LoggerMessage(8000, LogLevel.Warning, "Topic {Topic}: {Bytes} bytes behind address {Address} are no whole entries and were cut off. That is what a crash leaves; where the disk keeps what it has synced, no acknowledged record is among them.")]
    public static partial void TailCut(ILogger logger, string topic, long bytes, long address);

    [LoggerMessage(8001, LogLevel.Error, "Topic {Topic}: the log ends at address {Address}, before what was once durable. Acknowledged records are lost; their offsets will not be used again.")]
    public static partial void RecordsLost(ILogger logger, string topic, long address);

    [LoggerMessage(8002, LogLevel.Error, "Topic {Topic}: a write failed; what was waiting is answered with an error, and the files are opened anew before the next.")]
    public static partial void WriteFailed(ILogger logger, string topic, Exception exception);

    [LoggerMessage(8003, LogLevel.Information, "Topic {Topic} takes appends again.")]
    public static partial void Reopened(ILogger logger, string topic);

    [LoggerMessage(8004, LogLevel.Warning, "Topic {Topic}: maintenance failed and is tried again later.")]
    public static partial void MaintenanceFailed(ILogger logger, string topic, Exception exception);

    [LoggerMessage(8005, LogLevel.Information, "Group {Group} of {Topic} has not read for too long and was forgotten.")]
    public static partial void GroupExpired(ILogger logger, string group, string topic);

    [LoggerMessage(8006, LogLevel.Warning, "Topic {Topic} has {Partitions} partitions for good; the setting of {Configured} is for new topics.")]
    public static partial void PartitionsFixed(ILogger logger, string topic, int partitions, int configured);

    [LoggerMessage(8007, LogLevel.Error, "Topic {Topic}: the bytes from address {From} to {To} ({Place}) are not what was written. Lost: {Lost}.")]
    public static partial void Damaged(ILogger logger, string topic, long from, long to, string place, string lost);
}
