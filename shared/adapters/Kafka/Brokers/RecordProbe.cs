using Confluent.Kafka;
using Millrace.Adapters.Kafka.Configuration;

namespace Millrace.Adapters.Kafka.Brokers;

/// <summary>Looks at single records. One at a time; opened at the first look.</summary>
internal sealed class RecordProbe(KafkaOptions options) : IDisposable
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private IConsumer<Ignore, Ignore>? _consumer;

    /// <summary>Offset and timestamp of the first record of a partition at or after an offset, or <see langword="null"/> when there is none.</summary>
    public async Task<(long Offset, long TimestampMs)?> FirstFromAsync(TopicPartition partition, long offset, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => Read(new TopicPartitionOffset(partition, offset)), cancellationToken);
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Of($"Reading {partition} at {offset}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _consumer?.Dispose();
        _gate.Dispose();
    }

    private (long Offset, long TimestampMs)? Read(TopicPartitionOffset from)
    {
        _consumer ??= Open();
        _consumer.Assign(from);
        try
        {
            var result = _consumer.Consume(_timeout) ?? throw new KafkaException(ErrorCode.Local_TimedOut);
            return result.IsPartitionEOF ? null : (result.Offset.Value, result.Message.Timestamp.UnixTimestampMs);
        }
        finally
        {
            _consumer.Unassign();
        }
    }

    private IConsumer<Ignore, Ignore> Open()
    {
        var properties = ClientProperties.Consumer(options, null, "");
        properties["dotnet.consumer.consume.result.fields"] = "timestamp";
        // One record is wanted; a broker sends at least one, however large.
        properties["max.partition.fetch.bytes"] = "4096";
        // A fetch under way for the last place must not hold the next one up.
        properties["fetch.wait.max.ms"] = "5";
        properties["fetch.queue.backoff.ms"] = "0";
        return new ConsumerBuilder<Ignore, Ignore>(properties).SetLogHandler((_, _) => { }).Build();
    }
}
