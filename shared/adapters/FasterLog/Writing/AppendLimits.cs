using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Writing;

/// <summary>What a record may be.</summary>
internal static class AppendLimits
{
    private const int MaxValueBytes = 16 << 20;
    private const int MaxKeyBytes = 64 << 10;

    /// <summary>Payload of some records.</summary>
    /// <exception cref="EventLogException">One is too large.</exception>
    public static long Measure(string topic, ReadOnlySpan<LogRecord> records)
    {
        var bytes = 0L;
        foreach (ref readonly var record in records)
        {
            if (record.Value.Length > MaxValueBytes || record.Key.Length > MaxKeyBytes) throw TooLarge(topic, record);
            bytes += record.Key.Length + record.Value.Length;
        }
        return bytes;
    }

    private static EventLogException TooLarge(string topic, in LogRecord record) => new(
        $"A record for {topic} is too large: a key of {record.Key.Length} bytes (at most {MaxKeyBytes}) and a value of {record.Value.Length} (at most {MaxValueBytes}).",
        retryable: false);
}
