using System.Diagnostics.Metrics;
using Millrace.Ingest.Overload;
using Millrace.Ingest.Requests;

namespace Millrace.Ingest;

/// <summary>What this service counts. No label names a tenant, and every label has a fixed set of values.</summary>
internal sealed class IngestMetrics : IDisposable
{
    private readonly Meter _meter = new("Millrace.Ingest");
    private readonly Counter<long> _requests;
    private readonly Counter<long> _events;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _quotaRefusals;
    private readonly Counter<long> _overloads;
    private readonly Histogram<double> _append;

    public IngestMetrics(InFlightBudget budget, Admission admission)
    {
        _requests = _meter.CreateCounter<long>("millrace.ingest.requests", "{request}", "Requests of POST /ingest, by result: accepted, partial or an error code.");
        _events = _meter.CreateCounter<long>("millrace.ingest.events", "{event}", "Events that were accepted.");
        _rejected = _meter.CreateCounter<long>("millrace.ingest.rejected", "{event}", "Events that were rejected and dead-lettered, by code.");
        _bytes = _meter.CreateCounter<long>("millrace.ingest.bytes", "By", "Bytes of bodies that were read, decompressed.");
        _quotaRefusals = _meter.CreateCounter<long>("millrace.ingest.quota.refusals", "{request}", "Requests refused because the tenant's quota was used up.");
        _overloads = _meter.CreateCounter<long>("millrace.ingest.overloads", "{request}", "Requests refused because their tenant's wait was too long, or the bytes in flight had reached their limit.");
        _append = _meter.CreateHistogram(
            "millrace.ingest.append.duration",
            "s",
            "Time until the event log had made a request durable.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] });
        _meter.CreateObservableGauge("millrace.ingest.in_flight", () => budget.Used, "By", "Bytes that requests being read hold, against the limit of the options.");
        _meter.CreateObservableGauge("millrace.ingest.waiting", () => admission.Gate.Waiting, "{request}", "Requests whose body is read and that wait for their turn.");
        _meter.CreateObservableGauge(
            "millrace.ingest.backlog", () => admission.Backlog ?? double.NaN, "s", "Time that the aggregator needs to work off what it is behind; NaN while it stands still.");
        _meter.CreateObservableGauge("millrace.ingest.log.window", () => admission.Gate.LogWindow, "By", "Bytes that may be in the log's hands at a time.");
    }

    public void Request(string result) => _requests.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Accepted(int events) => _events.Add(events);

    public void Rejected(string code) => _rejected.Add(1, new KeyValuePair<string, object?>("code", code));

    public void BodyRead(int bytes) => _bytes.Add(bytes);

    public void QuotaRefused() => _quotaRefusals.Add(1);

    public void Overloaded() => _overloads.Add(1);

    public void Appended(TimeSpan took) => _append.Record(took.TotalSeconds);

    public void Dispose() => _meter.Dispose();
}
