using Millrace.Ports.EventLog;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>Tells the end of the log from a log that takes its time: both bring no batch.</summary>
internal static class LogEnd
{
    /// <summary>Whether a reader has everything of a partition that was on the log at a time. Beyond the last record there may be offsets that no batch ever brings.</summary>
    public static bool IsPast(this ILogConsumer consumer, int partition, long ms) => consumer.GetLag(partition).Records == 0 && consumer.CompleteThroughMs(partition) > ms;
}
