using Microsoft.Extensions.Logging;

namespace Millrace.Ingest;

/// <summary>Log messages of this project: event ids 2000 to 2999.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Error, "The event log took nothing of a request of {Events} events of tenant {Tenant}; the producer was told to try again. {Suppressed} such messages were left out since the last.")]
    public static partial void AppendFailed(ILogger logger, string tenant, int events, long suppressed, Exception exception);

    [LoggerMessage(2001, LogLevel.Warning, "Requests are refused: {InFlight} bytes are held and {Waiting} requests wait for their turn. {Suppressed} such messages were left out since the last.")]
    public static partial void Overloaded(ILogger logger, long inFlight, int waiting, long suppressed);

    [LoggerMessage(2002, LogLevel.Debug, "{Rejected} of {Total} events of a request of tenant {Tenant} were rejected, the first for {Code}: {Message}")]
    public static partial void Rejected(ILogger logger, string tenant, int rejected, int total, string code, string message);

    [LoggerMessage(2003, LogLevel.Debug, "How far the aggregator has come can't be told: {Reason}")]
    public static partial void BacklogUnknown(ILogger logger, string reason);

    [LoggerMessage(2010, LogLevel.Information, "The intake of {Topic}, partition {Partition} is counted from offset {Offset} on.")]
    public static partial void IntakeStarts(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(2020, LogLevel.Information, "Records of {Topic}, partition {Partition} are taken in from offset {Offset} on.")]
    public static partial void InboundStarts(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(2021, LogLevel.Error, "What was read from {Topic}, partition {Partition} can't be written yet; it is tried again. {Suppressed} such messages were left out since the last.")]
    public static partial void InboundWaits(ILogger logger, string topic, int partition, long suppressed, Exception exception);

    [LoggerMessage(2030, LogLevel.Information, "Dead letters of partition {Partition} are listed from offset {Offset} on.")]
    public static partial void LettersStart(ILogger logger, int partition, long offset);

    [LoggerMessage(2031, LogLevel.Information, "Another instance lists the dead letters of partition {Partition} now.")]
    public static partial void LettersTakenOver(ILogger logger, int partition);

    [LoggerMessage(2032, LogLevel.Warning, "The record at offset {Offset} of the dead-letter topic, partition {Partition} is no dead letter; it is left out of the list.")]
    public static partial void NoDeadLetter(ILogger logger, int partition, long offset);

    [LoggerMessage(2033, LogLevel.Warning, "Redrive {Redrive} waits: the event log can't be read or written.")]
    public static partial void RedriveWaits(ILogger logger, string redrive, Exception exception);

    [LoggerMessage(2034, LogLevel.Warning, "Redrive {Redrive} was taken over.")]
    public static partial void RedriveLost(ILogger logger, string redrive, Exception exception);
}
