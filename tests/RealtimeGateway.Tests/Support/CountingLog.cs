using System.Collections.Concurrent;
using Millrace.Ports.EventLog;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>A log that counts who reads it.</summary>
internal sealed class CountingLog(IEventLog inner) : IEventLog
{
    private readonly ConcurrentDictionary<string, int> _consumers = new(StringComparer.Ordinal);

    /// <summary>Consumers of a topic that have been opened so far.</summary>
    public int Consumers(string topic) => _consumers.GetValueOrDefault(topic);

    public ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken) =>
        inner.AppendAsync(topic, records, positions, cancellationToken);

    public ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken)
    {
        _consumers.AddOrUpdate(topic, 1, static (_, count) => count + 1);
        return inner.OpenConsumerAsync(topic, options, cancellationToken);
    }

    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => inner.DescribeAsync(topic, cancellationToken);

    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        inner.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

    public int PartitionOf(ReadOnlySpan<byte> key, int partitions) => inner.PartitionOf(key, partitions);

    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken) =>
        inner.GetCommittedAsync(topic, group, cancellationToken);

    // The inner one belongs to whoever made it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
