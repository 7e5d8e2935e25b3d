using System.Text;

namespace Millrace.Hosting.Metrics;

/// <summary>Names as OpenTelemetry's compatibility rules translate them: dots to underscores, the unit spelt out, <c>_total</c> on counters.</summary>
internal static class PrometheusName
{
    /// <summary>Name of a family.</summary>
    public static string For(string instrument, string? unit, MetricKind kind)
    {
        var name = new StringBuilder(Clean(instrument, allowColon: true));
        if (UnitName(unit, kind) is { } suffix && !Ends(name, suffix))
            name.Append('_').Append(suffix);
        if (kind == MetricKind.Counter && !Ends(name, "total"))
            name.Append("_total");
        return name.ToString();
    }

    /// <summary>Name of a label.</summary>
    public static string ForLabel(string tag) => Clean(tag, allowColon: false);

    private static bool Ends(StringBuilder name, string suffix) => name.ToString().EndsWith("_" + suffix, StringComparison.Ordinal);

    private static string? UnitName(string? unit, MetricKind kind) => unit switch
    {
        null or "" => null,
        _ when unit.StartsWith('{') => null,
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "%" => "percent",
        "1" => kind == MetricKind.Gauge ? "ratio" : null,
        _ when unit.Contains('/', StringComparison.Ordinal) => Clean(unit.Replace("/", "_per_", StringComparison.Ordinal), false),
        _ => Clean(unit, false),
    };

    private static string Clean(string name, bool allowColon)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var character in name)
        {
            var good = char.IsAsciiLetterOrDigit(character) || character == '_' || (allowColon && character == ':');
            if (clean.Length == 0 && char.IsAsciiDigit(character))
                clean.Append('_');
            if (good)
                clean.Append(character);
            else if (clean.Length > 0 && clean[^1] != '_')
                clean.Append('_');
        }

        return clean.Length == 0 ? "_" : clean.ToString().TrimEnd('_');
    }
}
