using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Millrace.Adapters.FasterLog;

/// <summary>What the log counts; meter <c>Millrace.EventLog</c>. Labels: topic, and group where it applies.</summary>
internal sealed class EventLogMetrics : IDisposable
{
    private const string TopicTag = "topic";

    private readonly Meter _meter = new("Millrace.EventLog");
    private readonly Counter<long> _records;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _damaged;
    private readonly Histogram<double> _duration;
    private readonly Histogram<int> _groupSize;
    private readonly ConcurrentDictionary<FasterEventLog, bool> _logs = new();

    public EventLogMetrics()
    {
        _records = _meter.CreateCounter<long>("millrace.eventlog.append.records", "{record}", "Records made durable.");
        _bytes = _meter.CreateCounter<long>("millrace.eventlog.append.bytes", "By", "Payload made durable.");
        _refused = _meter.CreateCounter<long>("millrace.eventlog.append.refused", "{append}", "Groups of appends refused because the topic is full.");
        _damaged = _meter.CreateCounter<long>("millrace.eventlog.damaged", "{range}", "Parts of the log found not to be what was written.");
        _duration = _meter.CreateHistogram<double>("millrace.eventlog.commit.duration", "s", "Time to write and sync a group of appends.");
        _groupSize = _meter.CreateHistogram<int>("millrace.eventlog.commit.records", "{record}", "Records that shared a sync.");
        _meter.CreateObservableGauge("millrace.eventlog.lag.records", Lag, "{record}", "Durable records that a group's consumer has not read.");
        _meter.CreateObservableGauge("millrace.eventlog.lag.age", Age, "s", "Age of the oldest durable record that a group's consumer has not read.");
        _meter.CreateObservableGauge("millrace.eventlog.size", Size, "By", "Log that is kept.");
    }

    /// <summary>A group of appends is durable.</summary>
    public void Committed(string topic, int records, long bytes, TimeSpan elapsed)
    {
        var tag = new KeyValuePair<string, object?>(TopicTag, topic);
        _records.Add(records, tag);
        _bytes.Add(bytes, tag);
        _duration.Record(elapsed.TotalSeconds, tag);
        _groupSize.Record(records, tag);
    }

    /// <summary>A group of appends was refused.</summary>
    public void Refused(string topic) => _refused.Add(1, new KeyValuePair<string, object?>(TopicTag, topic));

    /// <summary>A damaged part was met.</summary>
    public void Damaged(string topic) => _damaged.Add(1, new KeyValuePair<string, object?>(TopicTag, topic));

    /// <summary>Observes a log's lag and size.</summary>
    public void Watch(FasterEventLog log) => _logs[log] = true;

    /// <summary>Observes it no more.</summary>
    public void Forget(FasterEventLog log) => _logs.TryRemove(log, out _);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Lag() =>
        from lag in Lags() select new Measurement<long>(lag.Records, lag.Tags);

    private IEnumerable<Measurement<double>> Age() =>
        from lag in Lags() select new Measurement<double>(lag.Age.TotalSeconds, lag.Tags);

    private IEnumerable<(long Records, TimeSpan Age, KeyValuePair<string, object?>[] Tags)> Lags() =>
        from log in _logs.Keys
        from topic in log.Topics
        from consumer in topic.Consumers
        where consumer.Group is not null
        let lags = consumer.Assignment.Select(consumer.GetLag).ToArray()
        select (lags.Sum(l => l.Records), lags.Max(l => l.Age), new KeyValuePair<string, object?>[] { new(TopicTag, topic.Name), new("group", consumer.Group) });

    private IEnumerable<Measurement<long>> Size() =>
        from log in _logs.Keys
        from topic in log.Topics
        select new Measurement<long>(topic.Store.DurableAddress - topic.Store.BeginAddress, new KeyValuePair<string, object?>(TopicTag, topic.Name));
}
