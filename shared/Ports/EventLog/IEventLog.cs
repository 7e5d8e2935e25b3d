namespace Millrace.Ports.EventLog;

/// <summary>
/// A partitioned, ordered, durable log of records, as Kafka defines one. All services talk to each other through it.
/// </summary>
/// <remarks>
/// Every member is safe to call from any thread. A topic is created at its first use with the number of partitions that the
/// adapter's options name. Within a partition offsets grow by at least one from record to record (gaps are allowed) and
/// <see cref="LogEntry.AppendedAtMs"/> never decreases: that log time is the only clock on which pure functions of the log may depend.
/// </remarks>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>
    /// Appends records and returns once all of them are durable. The partition of a record follows from its key alone.
    /// Records of one call with the same key keep their order.
    /// </summary>
    /// <param name="topic">Topic, see <c>Millrace.Contracts.Topics</c>.</param>
    /// <param name="records">The caller keeps ownership of all memory and may reuse it when the task has completed.</param>
    /// <param name="positions">Receives the position of each record, or is empty when the caller has no use for them.</param>
    /// <param name="cancellationToken">Stops the waiting; the records may have become durable all the same.</param>
    /// <exception cref="EventLogException">Nothing is promised about any record of the call; a retry may duplicate.</exception>
    ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken);

    /// <summary>Opens a consumer. Dispose it to leave its group.</summary>
    /// <exception cref="EventLogException">The log can't be reached.</exception>
    ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken);

    /// <summary>Epoch and partition bounds of a topic, as they are now.</summary>
    ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken);

    /// <summary>
    /// The offset of the first record of a partition that was appended at or after a time; the partition's end when there is none.
    /// An adapter may answer with an earlier offset, never with a later one.
    /// </summary>
    ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken);

    /// <summary>The partition to which <see cref="AppendAsync"/> puts a key, in a topic of so many partitions. Costs no call to the log.</summary>
    /// <exception cref="NotSupportedException">What stands before the log does not know.</exception>
    int PartitionOf(ReadOnlySpan<byte> key, int partitions) =>
        throw new NotSupportedException($"{GetType().Name} does not say which partition a key belongs to.");

    /// <summary>Next offset that each partition's committed position of a group names; partitions without a commit are absent.</summary>
    ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken);
}
