using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Tests.Inbound;

/// <summary>A real log of which single appends fail on demand, after they became durable: the case in which a producer can't know.</summary>
internal sealed class FlakyLog(IEventLog log) : IEventLog
{
    private int _failures;

    public string? FailingTopic { get; private set; }

    public int Failed { get; private set; }

    public void FailAfterAppending(string topic, int times)
    {
        FailingTopic = topic;
        _failures = times;
    }

    public async ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken)
    {
        await log.AppendAsync(topic, records, positions, cancellationToken);
        if (topic != FailingTopic || Interlocked.Decrement(ref _failures) < 0) return;
        Failed++;
        throw new EventLogException("The answer was lost.", retryable: true);
    }

    public ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken) =>
        log.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => log.DescribeAsync(topic, cancellationToken);

    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        log.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken) =>
        log.GetCommittedAsync(topic, group, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
