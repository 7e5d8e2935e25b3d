namespace Millrace.Ports.EventLog;

/// <summary>
/// Reads a topic. One reader at a time: <see cref="ReadAsync"/> is not for concurrent calls; the other members are safe beside it.
/// </summary>
public interface ILogConsumer : IAsyncDisposable
{
    /// <summary>
    /// The next batch of any assigned partition, or <see langword="null"/> when <paramref name="maxWait"/> passed without one.
    /// Waits on the log's own signal, never by polling. Only durable records are delivered.
    /// </summary>
    /// <exception cref="EventLogException">The log can't be read; the position is unchanged.</exception>
    ValueTask<LogBatch?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken);

    /// <summary>
    /// Makes <paramref name="nextOffset"/> the group's position in a partition, durably. Never moves it backwards.
    /// Without a group it does nothing.
    /// </summary>
    ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken);

    /// <summary>Partitions that this consumer reads now.</summary>
    IReadOnlyCollection<int> Assignment { get; }

    /// <summary>
    /// A log time T, in milliseconds: every record of the partition with <see cref="LogEntry.AppendedAtMs"/> &lt; T has been returned by
    /// <see cref="ReadAsync"/>, and none with a smaller one will ever come. While the reader is behind, T stands still; at the end of the log it
    /// moves with the clock. It is what lets an idle partition's event time move on without guessing.
    /// </summary>
    long CompleteThroughMs(int partition);

    /// <summary>How far this consumer is behind in a partition.</summary>
    LogLag GetLag(int partition);
}

/// <summary>How far a reader is behind.</summary>
/// <param name="Records">Durable records not yet read.</param>
/// <param name="Age">Age of the oldest of them, zero when there is none.</param>
public readonly record struct LogLag(long Records, TimeSpan Age);

/// <summary>How to read a topic.</summary>
public sealed class LogConsumerOptions
{
    /// <summary>Consumer group, or <see langword="null"/> to read every partition without a committed position.</summary>
    public string? Group { get; init; }

    /// <summary>Where to start without a committed position and without <see cref="StartAt"/>. Default: earliest.</summary>
    public LogStart StartFrom { get; init; } = LogStart.Earliest;

    /// <summary>Called for each partition when it is assigned, before its first batch; answers with the offset to start at.</summary>
    public Func<PartitionAssignment, CancellationToken, ValueTask<long>>? StartAt { get; init; }

    /// <summary>Called when a partition goes to another member of the group: its state here is void, and nothing may be committed for it.</summary>
    public Func<int, ValueTask>? OnRevoked { get; init; }

    /// <summary>Upper bound of a batch in payload bytes; a single larger record is delivered alone. Default 1 MiB.</summary>
    public int MaxBatchBytes { get; init; } = 1 << 20;
}

/// <summary>Where a reader without a position starts.</summary>
public enum LogStart
{
    /// <summary>At the oldest retained record.</summary>
    Earliest = 0,

    /// <summary>At the end: only records that are appended from now on.</summary>
    Latest = 1,
}

/// <summary>A partition that has just been assigned to a consumer.</summary>
/// <param name="Partition">Partition number.</param>
/// <param name="CommittedOffset">The group's committed position, if any.</param>
/// <param name="Bounds">The partition's bounds at the assignment.</param>
public readonly record struct PartitionAssignment(int Partition, long? CommittedOffset, PartitionInfo Bounds);
