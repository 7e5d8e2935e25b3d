using System.Diagnostics.Metrics;
using Millrace.Aggregator.Engine;

namespace Millrace.Aggregator;

/// <summary>What the service counts, on the meter <c>Millrace.Aggregator</c>. Counts include what a restart reads again.</summary>
internal sealed class AggregatorMetrics : IDisposable
{
    public const string MeterName = "Millrace.Aggregator";

    private readonly Meter _meter;
    private readonly Counter<long> _events;
    private readonly Counter<long> _late;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _malformed;
    private readonly Counter<long> _other;
    private readonly Counter<long> _valuesLeftOut;
    private readonly Counter<long> _windows;
    private readonly Counter<long> _checkpoints;
    private readonly Histogram<double> _checkpointTime;
    private readonly TimeProvider _time;
    private volatile AggregatorGauges _gauges = AggregatorGauges.None;
    private long _lastCheckpoint;

    public AggregatorMetrics(IMeterFactory factory, TimeProvider time)
    {
        _time = time;
        _lastCheckpoint = time.GetTimestamp();
        _meter = factory.Create(MeterName);
        _events = _meter.CreateCounter<long>("millrace.aggregator.events", "{event}", "Events read, late ones and duplicates included.");
        _late = _meter.CreateCounter<long>("millrace.aggregator.late", "{event}", "Events that came after the allowed lateness.");
        _duplicates = _meter.CreateCounter<long>("millrace.aggregator.duplicates", "{event}", "Events dropped because their id had been seen.");
        _malformed = _meter.CreateCounter<long>("millrace.aggregator.malformed", "{record}", "Records that are no events.");
        _other = _meter.CreateCounter<long>("millrace.aggregator.series.folded", "{event}", "Events folded into __other__ by the series limit.");
        _valuesLeftOut = _meter.CreateCounter<long>("millrace.aggregator.values.left_out", "{value}", "Values left out by the limit of names.");
        _windows = _meter.CreateCounter<long>("millrace.aggregator.windows", "{window}", "Windows emitted, by kind: live, final, correction.");
        _checkpoints = _meter.CreateCounter<long>("millrace.aggregator.checkpoints", "{checkpoint}", "Checkpoints saved.");
        _checkpointTime = _meter.CreateHistogram<double>("millrace.aggregator.checkpoint.duration", "s", "Time that a checkpoint took.");
        Gauge("millrace.aggregator.windows.open", "{window}", "Windows held, each series on its own.", gauges => gauges.OpenWindows);
        Gauge("millrace.aggregator.streams", "{stream}", "Streams with a window or a recent record.", gauges => gauges.Streams);
        Gauge("millrace.aggregator.dedup.remembered", "{id}", "Ids remembered for finding duplicates.", gauges => gauges.RememberedIds);
        Gauge("millrace.aggregator.overload.step", "{step}", "0 normal, 1 slower live windows, 2 final windows only.", gauges => gauges.OverloadStep);
        _meter.CreateObservableGauge("millrace.aggregator.lag", () => _gauges.LagSeconds, "s", "Age of the oldest event not yet read.");
        _meter.CreateObservableGauge(
            "millrace.aggregator.checkpoint.age", () => _time.GetElapsedTime(Volatile.Read(ref _lastCheckpoint)).TotalSeconds, "s",
            "Time since progress was last saved, or found to be saved.");
    }

    /// <summary>Adds what an engine did between two readings of its counters.</summary>
    public void Add(in EngineCounters before, in EngineCounters after)
    {
        Add(_events, after.Events - before.Events);
        Add(_late, after.Late - before.Late);
        Add(_duplicates, after.Duplicates - before.Duplicates);
        Add(_malformed, after.Malformed - before.Malformed);
        Add(_other, after.FoldedToOther - before.FoldedToOther);
        Add(_valuesLeftOut, after.ValuesLeftOut - before.ValuesLeftOut);
        AddWindows("live", after.LiveWindows - before.LiveWindows);
        AddWindows("final", after.FinalWindows - before.FinalWindows);
        AddWindows("correction", after.Corrections - before.Corrections);
    }

    public void Set(AggregatorGauges gauges) => _gauges = gauges;

    public void CheckpointSaved(TimeSpan took)
    {
        _checkpoints.Add(1);
        _checkpointTime.Record(took.TotalSeconds);
        CheckpointCurrent();
    }

    /// <summary>There was nothing to save.</summary>
    public void CheckpointCurrent() => Volatile.Write(ref _lastCheckpoint, _time.GetTimestamp());

    public void Dispose() => _meter.Dispose();

    private static void Add(Counter<long> counter, long count)
    {
        if (count > 0) counter.Add(count);
    }

    private void AddWindows(string kind, long count)
    {
        if (count > 0) _windows.Add(count, new KeyValuePair<string, object?>("kind", kind));
    }

    private void Gauge(string name, string unit, string description, Func<AggregatorGauges, long> read) =>
        _meter.CreateObservableGauge(name, () => read(_gauges), unit, description);
}

/// <summary>What is so at a moment, over all partitions. One object, replaced as a whole, because another thread reads it.</summary>
internal sealed record AggregatorGauges(long OpenWindows, long Streams, long RememberedIds, long OverloadStep, double LagSeconds)
{
    public static readonly AggregatorGauges None = new(0, 0, 0, 0, 0);
}
