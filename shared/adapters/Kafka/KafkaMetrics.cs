using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Millrace.Adapters.Kafka;

/// <summary>What the log counts; meter <c>Millrace.EventLog</c>, as on the embedded log. Labels: topic, and group where it applies.</summary>
internal sealed class KafkaMetrics : IDisposable
{
    private const string TopicTag = "topic";

    private readonly Meter _meter = new("Millrace.EventLog");
    private readonly Counter<long> _records;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _readRecords;
    private readonly ConcurrentDictionary<KafkaEventLog, bool> _logs = new();

    public KafkaMetrics()
    {
        _records = _meter.CreateCounter<long>("millrace.eventlog.append.records", "{record}", "Records made durable.");
        _bytes = _meter.CreateCounter<long>("millrace.eventlog.append.bytes", "By", "Payload made durable.");
        _refused = _meter.CreateCounter<long>("millrace.eventlog.append.refused", "{append}", "Appends that failed: the queue was full, or the brokers did not acknowledge in time.");
        _duration = _meter.CreateHistogram<double>("millrace.eventlog.append.duration", "s", "Time until an append was acknowledged.");
        _readRecords = _meter.CreateCounter<long>("millrace.eventlog.read.records", "{record}", "Records given to readers.");
        _meter.CreateObservableGauge("millrace.eventlog.append.queue", () => _logs.Keys.Sum(log => (long)log.QueueLength), "{record}", "Records that wait to be acknowledged.");
        _meter.CreateObservableGauge("millrace.eventlog.lag.records", Lag, "{record}", "Durable records that a group's consumer has not read.");
        _meter.CreateObservableGauge("millrace.eventlog.lag.age", Age, "s", "Age of the oldest durable record that a group's consumer has not read.");
    }

    /// <summary>An append is durable.</summary>
    public void Appended(string topic, int records, long bytes, TimeSpan elapsed)
    {
        var tag = new KeyValuePair<string, object?>(TopicTag, topic);
        _records.Add(records, tag);
        _bytes.Add(bytes, tag);
        _duration.Record(elapsed.TotalSeconds, tag);
    }

    /// <summary>An append failed.</summary>
    public void Refused(string topic) => _refused.Add(1, new KeyValuePair<string, object?>(TopicTag, topic));

    /// <summary>A reader was given records.</summary>
    public void Read(string topic, int records) => _readRecords.Add(records, new KeyValuePair<string, object?>(TopicTag, topic));

    /// <summary>Observes a log's queue and lag.</summary>
    public void Watch(KafkaEventLog log) => _logs[log] = true;

    /// <summary>Observes it no more.</summary>
    public void Forget(KafkaEventLog log) => _logs.TryRemove(log, out _);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Lag() => from lag in Lags() select new Measurement<long>(lag.Records, lag.Tags);

    private IEnumerable<Measurement<double>> Age() => from lag in Lags() select new Measurement<double>(lag.Age.TotalSeconds, lag.Tags);

    private IEnumerable<(long Records, TimeSpan Age, KeyValuePair<string, object?>[] Tags)> Lags() =>
        from log in _logs.Keys
        from consumer in log.Consumers
        where consumer.Group is not null
        let lags = consumer.Assignment.Select(consumer.GetLag).ToArray()
        select (
            lags.Sum(l => l.Records), lags.Length == 0 ? TimeSpan.Zero : lags.Max(l => l.Age),
            new KeyValuePair<string, object?>[] { new(TopicTag, consumer.Topic), new("group", consumer.Group) });
}
