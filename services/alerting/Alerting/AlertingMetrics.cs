using System.Diagnostics.Metrics;
using Millrace.Alerting.Alerts;
using Millrace.Contracts.Protos;

namespace Millrace.Alerting;

/// <summary>What the service counts, on the meter <c>Millrace.Alerting</c>.</summary>
internal sealed class AlertingMetrics : IDisposable
{
    public const string MeterName = "Millrace.Alerting";

    private readonly Meter _meter;
    private readonly Counter<long> _evaluations;
    private readonly Counter<long> _malformed;
    private readonly Counter<long> _refusedSeries;
    private readonly Counter<long> _changes;
    private readonly Counter<long> _notifications;
    private readonly Histogram<double> _deliveryTime;
    private double _lagSeconds;
    private long _outboxDepth;
    private long _unpublished;

    public AlertingMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _evaluations = _meter.CreateCounter<long>(
            "millrace.alerting.evaluations", "{evaluation}", "Windows that a rule judged, by kind; skipped: older than the newest judged one.");
        _malformed = _meter.CreateCounter<long>("millrace.alerting.windows.malformed", "{record}", "Records of millrace.windows that could not be read.");
        _refusedSeries = _meter.CreateCounter<long>(
            "millrace.alerting.series.refused", "{window}", "Windows passed over because their rule follows as many series as it may.");
        _changes = _meter.CreateCounter<long>("millrace.alerting.changes", "{change}", "Changes of alerts, by new state.");
        _notifications = _meter.CreateCounter<long>("millrace.alerting.notifications", "{attempt}", "Attempts to notify, by channel and outcome.");
        _deliveryTime = _meter.CreateHistogram<double>("millrace.alerting.notification.duration", "s", "Time that an attempt took, by channel.");
        _meter.CreateObservableGauge("millrace.alerting.lag", () => Volatile.Read(ref _lagSeconds), "s", "Age of the oldest window not yet evaluated.");
        _meter.CreateObservableGauge(
            "millrace.alerting.outbox.depth", () => Volatile.Read(ref _outboxDepth), "{notification}", "Notifications that wait or are under way.");
        _meter.CreateObservableGauge(
            "millrace.alerting.changes.unpublished", () => Volatile.Read(ref _unpublished), "{change}", "Changes that wait for millrace.alerts.");
    }

    public void Evaluated(string kind, bool counted) =>
        _evaluations.Add(1, new("kind", kind), new("outcome", counted ? "judged" : "skipped"));

    public void Malformed() => _malformed.Add(1);

    public void SeriesRefused() => _refusedSeries.Add(1);

    public void Changed(AlertState state) => _changes.Add(1, new KeyValuePair<string, object?>("state", AlertStates.Name(state)));

    public void Notified(string channel, string outcome) => _notifications.Add(1, new("channel", channel), new("outcome", outcome));

    public void DeliveryTook(string channel, TimeSpan duration) =>
        _deliveryTime.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("channel", channel));

    public void Lag(TimeSpan lag) => Volatile.Write(ref _lagSeconds, lag.TotalSeconds);

    public void OutboxDepth(long depth) => Volatile.Write(ref _outboxDepth, depth);

    public void Unpublished(long count) => Volatile.Write(ref _unpublished, count);

    public void Dispose() => _meter.Dispose();
}
