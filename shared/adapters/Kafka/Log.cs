using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.Kafka;

/// <summary>Log messages of this project: event ids 8100 to 8249.</summary>
internal static partial class Log
{
    [LoggerMessage(8100, LogLevel.Information, "Kafka at {Servers}, by librdkafka {Version}.")]
    public static partial void Connecting(ILogger logger, string servers, string version);

    [LoggerMessage(8101, LogLevel.Warning, "Kafka's client {Client}: {Code}: {Reason}")]
    public static partial void ClientError(ILogger logger, string client, string code, string reason);

    [LoggerMessage(EventId = 8102, Message = "Kafka's client: {Facility}: {Text}")]
    public static partial void ClientLog(ILogger logger, LogLevel level, string facility, string text);

    [LoggerMessage(8103, LogLevel.Information, "Created topic {Topic} with {Partitions} partitions.")]
    public static partial void TopicCreated(ILogger logger, string topic, int partitions);

    [LoggerMessage(8104, LogLevel.Warning, "Topic {Topic} has {Partitions} partitions; the setting of {Configured} is for new topics.")]
    public static partial void PartitionsDiffer(ILogger logger, string topic, int partitions, int configured);

    [LoggerMessage(8105, LogLevel.Warning, "The brokers do not create topics by request; {Topic} is left to their automatic creation, with their defaults for partitions and retention.")]
    public static partial void CreationUnsupported(ILogger logger, string topic);

    [LoggerMessage(8106, LogLevel.Error, "The producer has failed for good ({Reason}) and is replaced; what was waiting is answered with an error.")]
    public static partial void ProducerReplaced(ILogger logger, string reason);

    [LoggerMessage(8107, LogLevel.Information, "Group {Group} of {Topic}: partitions {Partitions} assigned.")]
    public static partial void Assigned(ILogger logger, string group, string topic, string partitions);

    [LoggerMessage(8108, LogLevel.Information, "Group {Group} of {Topic}: partitions {Partitions} revoked.")]
    public static partial void Revoked(ILogger logger, string group, string topic, string partitions);

    [LoggerMessage(8109, LogLevel.Warning, "A reader of {Topic} has failed; whoever reads opens another.")]
    public static partial void ConsumerFailed(ILogger logger, string topic, Exception exception);

    [LoggerMessage(8110, LogLevel.Information, "Group {Group} of {Topic}: the commit of partition {Partition} was left out, for the partition belongs to another member now ({Reason}).")]
    public static partial void CommitSkipped(ILogger logger, string group, string topic, int partition, string reason);

    [LoggerMessage(8111, LogLevel.Warning, "The ends of partitions can't be asked for ({Reason}); the log time of idle partitions stands still until they can.")]
    public static partial void WatchFailed(ILogger logger, string reason);

    [LoggerMessage(8112, LogLevel.Information, "The ends of partitions can be asked for again.")]
    public static partial void WatchRecovered(ILogger logger);

    [LoggerMessage(8113, LogLevel.Warning, "Topic {Topic}, partition {Partition}: record {Offset} has a time {BehindMs} ms before one that was promised to be complete; a broker's clock or its replicas are further behind than MaxClockSkew.")]
    public static partial void PromiseBroken(ILogger logger, string topic, int partition, long offset, long behindMs);

    [LoggerMessage(8114, LogLevel.Information, "The brokers do not find offsets by time in {Topic}; they are found by reading.")]
    public static partial void TimesUnsupported(ILogger logger, string topic);

    [LoggerMessage(8115, LogLevel.Warning, "A reader of {Topic} did not end in time and is left to itself.")]
    public static partial void ConsumerStuck(ILogger logger, string topic);

    [LoggerMessage(8116, LogLevel.Warning, "Closing a reader of {Topic} failed: {Reason}. Its partitions move when its session has run out.")]
    public static partial void CloseFailed(ILogger logger, string topic, string reason);

    [LoggerMessage(8117, LogLevel.Warning, "The topics could not be made sure of at the start ({Reason}); each is at its first use.")]
    public static partial void TopicsNotReady(ILogger logger, string reason);
}
