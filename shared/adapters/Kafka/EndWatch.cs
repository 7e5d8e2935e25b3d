using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Brokers;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Adapters.Kafka.Consuming;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka;

/// <summary>
/// Asks for the ends of all partitions that this process reads, again and again. What was appended before the question lies before the answer, and so
/// a reader who has everything before it knows up to when its log time is complete.
/// </summary>
internal sealed class EndWatch : IAsyncDisposable
{
    private readonly Cluster _cluster;
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<IReadOnlyCollection<KafkaConsumer>> _consumers;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private bool _failing;

    public EndWatch(Cluster cluster, KafkaOptions options, TimeProvider time, ILogger logger, Func<IReadOnlyCollection<KafkaConsumer>> consumers)
    {
        _cluster = cluster;
        _options = options;
        _time = time;
        _logger = logger;
        _consumers = consumers;
        _running = Task.Run(RunAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(_options.WatchInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await AskAsync();
                    if (_failing) Log.WatchRecovered(_logger);
                    _failing = false;
                }
                catch (EventLogException e)
                {
                    if (!_failing) Log.WatchFailed(_logger, e.Message);
                    _failing = true;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The log is closed.
        }
    }

    private async Task AskAsync()
    {
        var consumers = _consumers();
        List<(TopicPartition, OffsetSpec)> asked = [.. consumers.SelectMany(consumer => consumer.TopicPartitions).Distinct().Select(p => (p, OffsetSpec.Latest()))];
        if (asked.Count == 0) return;
        var askedMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var answers = await _cluster.TryOffsetsAsync(asked, _stop.Token);
        foreach (var consumer in consumers)
        {
            foreach (var place in consumer.TopicPartitions)
            {
                if (answers.TryGetValue(place, out var answer) && !answer.Error.IsError) consumer.Observe(place.Partition.Value, answer.Offset.Value, askedMs);
            }
        }
    }
}
