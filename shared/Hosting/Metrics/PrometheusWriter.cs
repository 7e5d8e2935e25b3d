using System.Globalization;
using System.Text;

namespace Millrace.Hosting.Metrics;

/// <summary>Writes the text exposition format, version 0.0.4.</summary>
internal static class PrometheusWriter
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Name of the family that counts what the series limit folded together.</summary>
    public const string OverflowName = "millrace_metrics_overflow_total";

    public static string Write(MetricsCollector collector, string version)
    {
        var text = new StringBuilder(32 * 1024);
        var overflowed = new List<MetricFamily>();
        Head(text, "millrace_build_info", "gauge", "The program that runs.");
        Sample(text, "millrace_build_info", "", $"version=\"{LabelText.Escape(version)}\"", null, 1);
        collector.Collect((family, series) =>
        {
            Family(text, family, series);
            if (family.Overflowed > 0)
                overflowed.Add(family);
        });
        if (overflowed.Count > 0)
            Head(text, OverflowName, "counter", "Measurements whose label set found no room, by instrument.");
        foreach (var family in overflowed)
            Sample(text, OverflowName, "", $"instrument=\"{family.Name}\"", null, family.Overflowed);
        return text.ToString();
    }

    private static void Family(StringBuilder text, MetricFamily family, IEnumerable<Series> all)
    {
        var first = true;
        foreach (var series in all)
        {
            if (first)
                Head(text, family.Name, TypeOf(family.Kind), family.Help);
            first = false;
            switch (series)
            {
                case HistogramSeries histogram:
                    Histogram(text, family.Name, histogram);
                    break;
                case SumSeries sum:
                    Sample(text, family.Name, "", series.Labels, null, sum.Value);
                    break;
                case LastSeries last:
                    Sample(text, family.Name, "", series.Labels, null, last.Value);
                    break;
            }
        }
    }

    private static void Histogram(StringBuilder text, string name, HistogramSeries series)
    {
        var cumulative = 0L;
        for (var i = 0; i < series.Bounds.Length; i++)
        {
            cumulative += series.CountOf(i);
            Sample(text, name, "_bucket", series.Labels, Number(series.Bounds[i]), cumulative);
        }

        // Counted once, so that the last bucket and the count agree whatever other threads record meanwhile.
        cumulative += series.CountOf(series.Bounds.Length);
        Sample(text, name, "_bucket", series.Labels, "+Inf", cumulative);
        Sample(text, name, "_sum", series.Labels, null, series.Sum);
        Sample(text, name, "_count", series.Labels, null, cumulative);
    }

    private static void Head(StringBuilder text, string name, string type, string help)
    {
        if (help.Length > 0)
            text.Append("# HELP ").Append(name).Append(' ')
                .Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private static void Sample(StringBuilder text, string name, string suffix, string labels, string? bound, double value)
    {
        text.Append(name).Append(suffix);
        if (labels.Length > 0 || bound is not null)
        {
            text.Append('{').Append(labels);
            if (bound is not null)
                text.Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(bound).Append('"');
            text.Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ when double.IsNaN(value) => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
