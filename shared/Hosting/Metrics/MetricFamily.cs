using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Millrace.Hosting.Metrics;

/// <summary>Everything measured under one name. Instruments of the same name and kind, of any meter, share it.</summary>
internal sealed class MetricFamily
{
    /// <summary>Labels of the series that takes what no longer got one of its own; the name is OpenTelemetry's.</summary>
    public const string OverflowLabels = "otel_metric_overflow=\"true\"";

    private readonly ConcurrentDictionary<TagSet, Series> _byTags = new(TagSetComparer.Instance);
    private readonly ConcurrentDictionary<TagSet, Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _lookup;
    private readonly ConcurrentDictionary<string, Series> _byLabels = new(StringComparer.Ordinal);
    private readonly Lazy<Series> _overflow;
    private readonly double[] _bounds;
    private readonly int _maxSeries;
    private long _overflowed;

    public MetricFamily(string name, MetricKind kind, Instrument instrument, int maxSeries)
    {
        Name = name;
        Kind = kind;
        Help = instrument.Description ?? "";
        IsObservable = instrument.IsObservable;
        _bounds = kind == MetricKind.Histogram ? HistogramBounds.For(instrument) : [];
        _maxSeries = maxSeries;
        _lookup = _byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        _overflow = new Lazy<Series>(() => Make(OverflowLabels));
    }

    public string Name { get; }

    public MetricKind Kind { get; }

    public string Help { get; }

    public bool IsObservable { get; }

    /// <summary>Measurements that went to the overflow series.</summary>
    public long Overflowed => Interlocked.Read(ref _overflowed);

    /// <summary>The series, by labels; for an observable instrument those of the given collection round only.</summary>
    public IEnumerable<Series> Collect(int round)
    {
        var series = _byLabels.Values.Where(one => !IsObservable || one.Round == round);
        if (_overflow.IsValueCreated)
            series = series.Append(_overflow.Value);
        return series.OrderBy(one => one.Labels, StringComparer.Ordinal);
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, int round)
    {
        if (!_lookup.TryGetValue(tags, out var series))
            series = Find(tags, round);
        if (IsObservable)
            series.Round = round;
        series.Record(value);
    }

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags, int round)
    {
        lock (_byLabels)
        {
            var labels = LabelText.Format(tags);
            if (_byLabels.TryGetValue(labels, out var known))
            {
                // The same labels in another order. Remembered as well, within bounds.
                if (_byTags.Count < _maxSeries * 2)
                    _byTags[new TagSet(tags.ToArray())] = known;
                return known;
            }

            if (_byLabels.Count >= _maxSeries)
                Forget(round);
            if (_byLabels.Count >= _maxSeries)
            {
                Interlocked.Increment(ref _overflowed);
                return _overflow.Value;
            }

            var series = Make(labels);
            _byLabels[labels] = series;
            _byTags[new TagSet(tags.ToArray())] = series;
            return series;
        }
    }

    // Series that an observable instrument no longer tells make room for new ones.
    private void Forget(int round)
    {
        if (!IsObservable)
            return;
        foreach (var (tags, series) in _byTags)
        {
            if (series.Round < round - 1)
                _byTags.TryRemove(tags, out _);
        }

        foreach (var (labels, series) in _byLabels)
        {
            if (series.Round < round - 1)
                _byLabels.TryRemove(labels, out _);
        }
    }

    private Series Make(string labels) => Kind switch
    {
        MetricKind.Histogram => new HistogramSeries(labels, _bounds),
        MetricKind.Gauge => new LastSeries(labels),
        _ when IsObservable => new LastSeries(labels),
        _ => new SumSeries(labels),
    };
}

/// <summary>What Prometheus calls a type.</summary>
internal enum MetricKind
{
    /// <summary>Only goes up.</summary>
    Counter = 0,

    /// <summary>A sum that goes up and down; shown as a gauge.</summary>
    UpDown = 1,

    /// <summary>A value that is told anew each time.</summary>
    Gauge = 2,

    /// <summary>Counts by bucket.</summary>
    Histogram = 3,
}

/// <summary>Bucket bounds: the instrument's own advice, else by its unit.</summary>
internal static class HistogramBounds
{
    private static readonly double[] Seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private static readonly double[] Milliseconds = [.. Seconds.Select(bound => Math.Round(bound * 1000, 1))];
    private static readonly double[] Bytes = [.. Enumerable.Range(4, 10).Select(exponent => Math.Pow(4, exponent))]; // 256 B to 64 MiB
    private static readonly double[] Counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000];

    public static double[] For(Instrument instrument)
    {
        var advised = instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => bounds,
            Histogram<float> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            _ => null,
        };
        return advised?.ToArray() is { Length: > 0 } own
            ? own
            : instrument.Unit switch
            {
                "s" => Seconds,
                "ms" => Milliseconds,
                "By" => Bytes,
                _ => Counts,
            };
    }
}

/// <summary>Labels as Prometheus writes them.</summary>
internal static class LabelText
{
    public static string Format(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
            return "";
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
            labels[PrometheusName.ForLabel(key)] = Text(value);
        return string.Join(',', labels.Select(label => $"{label.Key}=\"{Escape(label.Value)}\""));
    }

    /// <summary>Escapes backslash, quote and line feed, as the text format asks.</summary>
    public static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
