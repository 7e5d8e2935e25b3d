using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Inbound;

/// <summary>
/// Tells an operator how far the reading of inbound topics is behind, and what keeps it. Never decides readiness: HTTP goes on without it.
/// </summary>
internal sealed class InboundStatus : IHealthCheck, IDisposable
{
    private readonly Meter _meter = new("Millrace.Ingest");
    private readonly ConcurrentDictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private readonly Counter<long> _records;
    private readonly Counter<long> _events;
    private readonly Counter<long> _rejected;

    /// <summary>Makes the instruments.</summary>
    public InboundStatus()
    {
        _records = _meter.CreateCounter<long>("millrace.ingest.inbound.records", "{record}", "Records read from inbound topics, by topic.");
        _events = _meter.CreateCounter<long>("millrace.ingest.inbound.events", "{event}", "Events of inbound topics that were accepted, by topic.");
        _rejected = _meter.CreateCounter<long>("millrace.ingest.inbound.rejected", "{event}", "Events of inbound topics that were dead-lettered, by topic.");
        _meter.CreateObservableGauge("millrace.ingest.inbound.lag", () => Measure(lag => lag.Records), "{record}", "Records on inbound topics not yet read, by topic.");
        _meter.CreateObservableGauge(
            "millrace.ingest.inbound.lag.age", () => Measure(lag => lag.Age.TotalSeconds), "s", "Age of the oldest record on inbound topics not yet read, by topic.");
    }

    /// <summary>A topic is being read.</summary>
    public void Reading(string topic, ILogConsumer consumer) => Of(topic).Consumer = consumer;

    /// <summary>A topic is no longer read.</summary>
    public void Stopped(string topic) => Of(topic).Consumer = null;

    /// <summary>What came out of records could not be written.</summary>
    public void Failed(string topic, EventLogException failure) => Of(topic).Failure = failure;

    /// <summary>Records are dealt with.</summary>
    public void Taken(string topic, int records, int events, int rejected)
    {
        Of(topic).Failure = null;
        var tag = new KeyValuePair<string, object?>("topic", topic);
        _records.Add(records, tag);
        _events.Add(events, tag);
        _rejected.Add(rejected, tag);
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        string? trouble = null;
        foreach (var (name, topic) in _topics)
        {
            data[name + ".lag"] = topic.Lag().Records;
            if (topic.Failure is { } failure) trouble = $"What was read from {name} can't be written: {failure.Message}";
            else if (topic.Consumer is null) trouble ??= $"{name} is not being read.";
        }

        return Task.FromResult(trouble is null ? HealthCheckResult.Healthy("Inbound topics are read.", data) : HealthCheckResult.Degraded(trouble, data: data));
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private Topic Of(string topic) => _topics.GetOrAdd(topic, _ => new Topic());

    private IEnumerable<Measurement<T>> Measure<T>(Func<LogLag, T> select)
        where T : struct =>
        _topics.Select(topic => new Measurement<T>(select(topic.Value.Lag()), new KeyValuePair<string, object?>("topic", topic.Key)));

    private sealed class Topic
    {
        private volatile ILogConsumer? _consumer;
        private volatile EventLogException? _failure;

        public ILogConsumer? Consumer
        {
            get => _consumer;
            set => _consumer = value;
        }

        public EventLogException? Failure
        {
            get => _failure;
            set => _failure = value;
        }

        public LogLag Lag()
        {
            if (_consumer is not { } consumer) return default;
            var sum = default(LogLag);
            foreach (var partition in consumer.Assignment)
            {
                var lag = consumer.GetLag(partition);
                sum = new LogLag(sum.Records + lag.Records, lag.Age > sum.Age ? lag.Age : sum.Age);
            }

            return sum;
        }
    }
}
