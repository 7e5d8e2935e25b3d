namespace Millrace.Ports.EventLog;

/// <summary>A record to append.</summary>
/// <param name="Key">Decides the partition; records of one key stay in order. May be empty.</param>
/// <param name="Value">The payload, at most 16 MiB.</param>
/// <param name="Headers">
/// Small text headers such as <c>traceparent</c>. Use one instance for all records of a batch that share them: adapters store it once.
/// </param>
public readonly record struct LogRecord(
    ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, IReadOnlyDictionary<string, string>? Headers = null);

/// <summary>Where a record stands in its topic.</summary>
/// <param name="Partition">From 0.</param>
/// <param name="Offset">From 0, growing.</param>
public readonly record struct LogPosition(int Partition, long Offset);

/// <summary>A record as read. Its memory belongs to the <see cref="LogBatch"/> and dies with it.</summary>
/// <param name="Offset">Offset in the partition.</param>
/// <param name="AppendedAtMs">Log time: milliseconds since 1970, given by the log at the append, never decreasing in a partition.</param>
/// <param name="Key">As appended.</param>
/// <param name="Value">As appended.</param>
/// <param name="Headers">As appended, <see langword="null"/> when there were none.</param>
public readonly record struct LogEntry(
    long Offset, long AppendedAtMs, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, IReadOnlyDictionary<string, string>? Headers);

/// <summary>What a topic is made of.</summary>
/// <param name="Topic">Its name.</param>
/// <param name="Epoch">Changes when the topic is lost or made anew: positions of another epoch mean nothing. At most 32 characters.</param>
/// <param name="Partitions">By partition number.</param>
public sealed record TopicInfo(string Topic, string Epoch, IReadOnlyList<PartitionInfo> Partitions);

/// <summary>Bounds of a partition.</summary>
/// <param name="Partition">From 0.</param>
/// <param name="EarliestOffset">Offset of the oldest retained record, or <paramref name="EndOffset"/> when empty.</param>
/// <param name="EndOffset">Offset that the next durable record will get at least.</param>
public readonly record struct PartitionInfo(int Partition, long EarliestOffset, long EndOffset);
