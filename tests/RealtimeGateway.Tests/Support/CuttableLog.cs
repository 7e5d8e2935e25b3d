using Millrace.Ports.EventLog;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>A log that takes nothing more once it is cut: to the others its gateway is as good as killed.</summary>
internal sealed class CuttableLog(IEventLog inner) : IEventLog
{
    private volatile bool _cut;

    public void Cut() => _cut = true;

    public ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken) =>
        _cut ? throw new EventLogException("cut", retryable: true) : inner.AppendAsync(topic, records, positions, cancellationToken);

    public ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken) =>
        inner.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => inner.DescribeAsync(topic, cancellationToken);

    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        inner.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

    public int PartitionOf(ReadOnlySpan<byte> key, int partitions) => inner.PartitionOf(key, partitions);

    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken) =>
        inner.GetCommittedAsync(topic, group, cancellationToken);

    // The inner one belongs to whoever made it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
