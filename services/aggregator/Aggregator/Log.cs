using Microsoft.Extensions.Logging;

namespace Millrace.Aggregator;

/// <summary>Log messages of this project: event ids 3000 to 3999.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information,
        "Partition {Partition} of the events is aggregated from offset {Offset} on, after {Warm} records for the duplicate filter; the ledger counts from {CountFrom} on.")]
    public static partial void PartitionTaken(ILogger logger, int partition, long offset, long warm, long countFrom);

    [LoggerMessage(3001, LogLevel.Information, "Partition {Partition} of the events went to another instance.")]
    public static partial void PartitionRevoked(ILogger logger, int partition);

    [LoggerMessage(3002, LogLevel.Warning,
        "The checkpoint of partition {Partition} belongs to epoch {Saved} of the events, which is {Current} now; it is not used.")]
    public static partial void EpochChanged(ILogger logger, int partition, string saved, string current);

    [LoggerMessage(3003, LogLevel.Error,
        "Records {From} to {To} of partition {Partition} are gone from the log before they were aggregated again; windows made of them stay as they were last emitted.")]
    public static partial void RecordsGone(ILogger logger, int partition, long from, long to);

    [LoggerMessage(3004, LogLevel.Warning, "The aggregator is {Lag:F1} s behind and degrades from {From} to {To}; final windows stay exact.")]
    public static partial void Degraded(ILogger logger, double lag, OverloadStep from, OverloadStep to);

    [LoggerMessage(3005, LogLevel.Information, "The aggregator is {Lag:F1} s behind and recovers from {From} to {To}.")]
    public static partial void Recovered(ILogger logger, double lag, OverloadStep from, OverloadStep to);

    [LoggerMessage(3006, LogLevel.Warning, "Appending to {Topic} failed and is tried again in {Delay} s: {Reason}")]
    public static partial void AppendFailed(ILogger logger, string topic, double delay, string reason, Exception exception);

    [LoggerMessage(3007, LogLevel.Error, "{Count} records of partition {Partition}, the last before offset {Offset}, are no events and were passed over.")]
    public static partial void Malformed(ILogger logger, long count, int partition, long offset);

    [LoggerMessage(3008, LogLevel.Information, "The aggregator has caught up with the log as it was at the start.")]
    public static partial void CaughtUp(ILogger logger);

    [LoggerMessage(3009, LogLevel.Warning, "The last checkpoint before the stop could not be saved; the next start reads a little more again.")]
    public static partial void LastCheckpointFailed(ILogger logger, Exception exception);

    [LoggerMessage(3010, LogLevel.Warning, "A checkpoint could not be saved; the next is tried in {Delay} s, and windows go on meanwhile: {Reason}")]
    public static partial void CheckpointFailed(ILogger logger, double delay, string reason, Exception exception);
}
