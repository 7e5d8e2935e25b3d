using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Brokers;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Adapters.Kafka.Consuming;
using Millrace.Adapters.Kafka.Native;
using Millrace.Adapters.Kafka.Producing;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka;

/// <summary>The event log on a Kafka cluster: one message a record.</summary>
internal sealed class KafkaEventLog : IEventLog, IDisposable
{
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly KafkaMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Cluster _cluster;
    private readonly TopicCatalog _catalog;
    private readonly RecordProbe _probe;
    private readonly OffsetFinder _finder;
    private readonly EndWatch _watch;
    private readonly ConsumerContext _context;
    private readonly ConcurrentDictionary<KafkaConsumer, bool> _consumers = new();
    private readonly ConcurrentDictionary<string, TopicEnds> _ends = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private Producer? _producer;
    private volatile bool _disposed;

    private KafkaEventLog(KafkaOptions options, TimeProvider time, KafkaMetrics metrics, ILogger logger)
    {
        _options = options;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _cluster = new Cluster(options, logger);
        _catalog = new TopicCatalog(_cluster, options, time, logger);
        _probe = new RecordProbe(options);
        _finder = new OffsetFinder(_cluster, _probe, options, logger);
        _context = new ConsumerContext(options, _cluster, time, metrics, logger);
        _watch = new EndWatch(_cluster, options, time, logger, () => (IReadOnlyCollection<KafkaConsumer>)_consumers.Keys);
    }

    /// <summary>Open readers.</summary>
    public ICollection<KafkaConsumer> Consumers => _consumers.Keys;

    /// <summary>Records that wait to be acknowledged.</summary>
    public int QueueLength => _producer?.QueueLength ?? 0;

    /// <summary>The producer of the moment, for tests.</summary>
    internal Producer? Producer => _producer;

    /// <summary>Makes the log; connects in the background.</summary>
    /// <exception cref="Millrace.Hosting.StartException">librdkafka is missing.</exception>
    /// <exception cref="EventLogException">librdkafka refuses the settings.</exception>
    public static KafkaEventLog Open(KafkaOptions options, TimeProvider time, KafkaMetrics metrics, ILogger logger)
    {
        Librdkafka.Load();
        Log.Connecting(logger, options.BootstrapServers, Librdkafka.Version);
        var log = new KafkaEventLog(options, time, metrics, logger);
        metrics.Watch(log);
        return log;
    }

    /// <summary>Makes sure that topics are there.</summary>
    public async Task EnsureTopicsAsync(IEnumerable<string> topics, CancellationToken cancellationToken)
    {
        foreach (var topic in topics) await _catalog.EnsureAsync(topic, cancellationToken);
    }

    /// <summary>Whether the brokers answer; how many there are.</summary>
    public Task<int> CountBrokersAsync(TimeSpan timeout, CancellationToken cancellationToken) => _cluster.CountBrokersAsync(timeout, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken)
    {
        if (!positions.IsEmpty && positions.Length < records.Length)
            throw new ArgumentException($"{positions.Length} positions are too few for {records.Length} records.", nameof(positions));
        cancellationToken.ThrowIfCancellationRequested();
        if (records.IsEmpty) return;
        var started = _time.GetTimestamp();
        try
        {
            var partitions = await EnsureInTimeAsync(topic, cancellationToken);
            var ends = _ends.GetOrAdd(topic, static (_, count) => new TopicEnds(count), partitions);
            var operation = ProducerOfNow().Append(_options.NameOf(topic), ends, records.Span, positions);
            await using var registration = cancellationToken.UnsafeRegister(static (o, token) => ((AppendOperation)o!).Cancel(token), operation);
            await operation.Task;
        }
        catch (EventLogException)
        {
            _metrics.Refused(topic);
            throw;
        }

        _metrics.Appended(topic, records.Length, Bytes(records.Span), _time.GetElapsedTime(started));
    }

    /// <inheritdoc/>
    public async ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var partitions = await _catalog.EnsureAsync(topic, cancellationToken);
        var ends = _ends.GetOrAdd(topic, static (_, count) => new TopicEnds(count), partitions);
        var consumer = new KafkaConsumer(_context, topic, options, ends, closed => _consumers.TryRemove(closed, out _));
        _consumers[consumer] = true;
        try
        {
            await consumer.StartAsync(partitions, cancellationToken);
            return consumer;
        }
        catch
        {
            await consumer.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken)
    {
        await _catalog.EnsureAsync(topic, cancellationToken);
        var name = _options.NameOf(topic);
        var (epoch, partitions) = await _cluster.DescribeAsync(name, cancellationToken);
        Confluent.Kafka.TopicPartition[] asked = [.. Enumerable.Range(0, partitions).Select(p => new Confluent.Kafka.TopicPartition(name, p))];
        var begins = await _cluster.OffsetsAsync([.. asked.Select(p => (p, Confluent.Kafka.Admin.OffsetSpec.Earliest()))], cancellationToken);
        var ends = await _cluster.OffsetsAsync([.. asked.Select(p => (p, Confluent.Kafka.Admin.OffsetSpec.Latest()))], cancellationToken);
        return new TopicInfo(topic, epoch, [.. Enumerable.Range(0, partitions).Select(p => new PartitionInfo(p, Math.Min(begins[p], ends[p]), ends[p]))]);
    }

    /// <inheritdoc/>
    public int PartitionOf(ReadOnlySpan<byte> key, int partitions) => Murmur2.Partition(key, partitions);

    /// <inheritdoc/>
    public async ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken)
    {
        await _catalog.EnsureAsync(topic, cancellationToken);
        return await _finder.FindAsync(topic, partition, appendedAtMs, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        var partitions = await _catalog.EnsureAsync(topic, cancellationToken);
        return await _cluster.CommittedAsync(_options.GroupOf(group, topic), _options.NameOf(topic), partitions, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Producer? producer;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            producer = _producer;
        }

        _metrics.Forget(this);
        foreach (var consumer in _consumers.Keys) await consumer.DisposeAsync();
        await _watch.DisposeAsync();
        if (producer is not null) await Task.Run(producer.Dispose);
        _probe.Dispose();
        _cluster.Dispose();
    }

    private static long Bytes(ReadOnlySpan<LogRecord> records)
    {
        var bytes = 0L;
        foreach (ref readonly var record in records) bytes += record.Key.Length + record.Value.Length;
        return bytes;
    }

    /// <summary>The first append to a topic asks for it; that, too, must end when appends must.</summary>
    private async ValueTask<int> EnsureInTimeAsync(string topic, CancellationToken cancellationToken)
    {
        var ensuring = _catalog.EnsureAsync(topic, cancellationToken);
        if (ensuring.IsCompletedSuccessfully) return ensuring.Result;
        try
        {
            return await ensuring.AsTask().WaitAsync(_options.AppendTimeout, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new EventLogException($"Appending to {topic} failed: Kafka does not answer.", retryable: true, e);
        }
    }

    private Producer ProducerOfNow()
    {
        var producer = Volatile.Read(ref _producer);
        if (producer is { Fatal: null }) return producer;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_producer is { Fatal: null }) return _producer;
            if (_producer is { } broken)
            {
                Log.ProducerReplaced(_logger, broken.Fatal!);
                ThreadPool.UnsafeQueueUserWorkItem(static failed => failed.Dispose(), broken, preferLocal: false);
            }

            return _producer = new Producer(_options, _logger);
        }
    }
}
