using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Telemetry;

namespace Millrace.Hosting.Metrics;

/// <summary>
/// Listens to the meters that the options name and keeps their sums. It has no thread and no timer: measurements come on the threads that make
/// them, and observable instruments are asked when somebody collects.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();
    private readonly string[] _patterns;
    private readonly int _maxSeries;
    private int _round;

    public MetricsCollector(IOptions<TelemetryOptions> options)
    {
        _patterns = [.. options.Value.AllMeters];
        _maxSeries = options.Value.MaxSeriesPerInstrument;
        _listener.InstrumentPublished = Publish;
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Record((double)value, tags, state));
        _listener.Start();
    }

    /// <summary>Asks the observable instruments, then hands out each family with its series, by name.</summary>
    public void Collect(Action<MetricFamily, IEnumerable<Series>> visit)
    {
        lock (_collecting)
        {
            var round = Interlocked.Increment(ref _round);
            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
                visit(family, family.Collect(round));
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Publish(Instrument instrument, MeterListener listener)
    {
        if (!_patterns.Any(pattern => Matches(pattern, instrument.Meter.Name)) || KindOf(instrument) is not { } kind)
            return;
        var name = PrometheusName.For(instrument.Name, instrument.Unit, kind);
        var family = _families.GetOrAdd(name, _ => new MetricFamily(name, kind, instrument, _maxSeries));
        // Two instruments that mean different things by one name can't share a family; the first keeps it.
        if (family.Kind == kind && family.IsObservable == instrument.IsObservable)
            listener.EnableMeasurementEvents(instrument, family);
    }

    private void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        ((MetricFamily)state!).Record(value, tags, Volatile.Read(ref _round));

    private static bool Matches(string pattern, string name) => pattern.EndsWith('*')
        ? name.StartsWith(pattern[..^1], StringComparison.OrdinalIgnoreCase)
        : string.Equals(name, pattern, StringComparison.OrdinalIgnoreCase);

    private static MetricKind? KindOf(Instrument instrument)
    {
        var type = instrument.GetType();
        while (type is { IsGenericType: false })
            type = type.BaseType;
        var generic = type?.GetGenericTypeDefinition();
        if (generic == typeof(Counter<>) || generic == typeof(ObservableCounter<>))
            return MetricKind.Counter;
        if (generic == typeof(UpDownCounter<>) || generic == typeof(ObservableUpDownCounter<>))
            return MetricKind.UpDown;
        if (generic == typeof(Gauge<>) || generic == typeof(ObservableGauge<>))
            return MetricKind.Gauge;
        return generic == typeof(Histogram<>) ? MetricKind.Histogram : null;
    }
}
