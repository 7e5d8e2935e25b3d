using Millrace.Ports.EventLog;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>A log whose readers get nothing the first times that they ask, as from brokers that take their time.</summary>
internal sealed class HesitantLog(IEventLog inner, int times) : IEventLog
{
    public ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken) =>
        inner.AppendAsync(topic, records, positions, cancellationToken);

    public async ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken) =>
        new Reader(await inner.OpenConsumerAsync(topic, options, cancellationToken), times);

    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => inner.DescribeAsync(topic, cancellationToken);

    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        inner.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

    public int PartitionOf(ReadOnlySpan<byte> key, int partitions) => inner.PartitionOf(key, partitions);

    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken) =>
        inner.GetCommittedAsync(topic, group, cancellationToken);

    // The inner one belongs to whoever made it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Reader(ILogConsumer inner, int times) : ILogConsumer
    {
        private int _left = times;

        public IReadOnlyCollection<int> Assignment => inner.Assignment;

        public ValueTask<LogBatch?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken) =>
            Interlocked.Decrement(ref _left) >= 0 ? ValueTask.FromResult<LogBatch?>(null) : inner.ReadAsync(maxWait, cancellationToken);

        public ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken) => inner.CommitAsync(partition, nextOffset, cancellationToken);

        public long CompleteThroughMs(int partition) => inner.CompleteThroughMs(partition);

        public LogLag GetLag(int partition) => inner.GetLag(partition);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
