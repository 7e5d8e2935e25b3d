using System.Diagnostics.CodeAnalysis;
using Millrace.Alerting.Evaluation;
using Millrace.Contracts.Events;

namespace Millrace.Alerting.Rules;

/// <summary>Which number of a window a rule looks at.</summary>
internal sealed class WindowValue
{
    /// <summary>The rule, for messages.</summary>
    public const string Rule = "count, rate, distinct_sources, or <name>.sum, .min, .max, .last, .avg, .count, .p50, .p95 or .p99 of a value";

    private static readonly string[] Statistics = ["sum", "min", "max", "last", "avg", "count", "p50", "p95", "p99"];
    private readonly string _text;
    private readonly string _name;
    private readonly string _statistic;

    private WindowValue(string text, string name, string statistic)
    {
        _text = text;
        _name = name;
        _statistic = statistic;
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out WindowValue? value)
    {
        value = null;
        if (text is "count" or "rate" or "distinct_sources")
        {
            value = new WindowValue(text, "", text);
            return true;
        }
        var dot = text.LastIndexOf('.');
        if (dot is < 1 or > EventLimits.FieldNameLength || !Statistics.Contains(text[(dot + 1)..])) return false;
        value = new WindowValue(text, text[..dot], text[(dot + 1)..]);
        return true;
    }

    /// <summary>
    /// The number; <see langword="false"/> when the window has none. Counts and sums of nothing are zero; a minimum, maximum, average, last value or
    /// percentile of nothing does not exist.
    /// </summary>
    public bool TryRead(in WindowSample window, out double number)
    {
        number = 0;
        if (_name.Length == 0)
        {
            number = _statistic switch
            {
                "count" => window.Count,
                "rate" => window.Count * 1000d / (window.EndMs - window.StartMs),
                _ => window.DistinctSources,
            };
            return true;
        }
        if (!window.TryGet(_name, out var value)) return _statistic is "sum" or "count";
        number = _statistic switch
        {
            "sum" => value.Sum,
            "min" => value.Min,
            "max" => value.Max,
            "last" => value.Last,
            "avg" => value.Sum / value.Count,
            "count" => value.Count,
            "p50" => value.P50,
            "p95" => value.P95,
            _ => value.P99,
        };
        return true;
    }

    public override string ToString() => _text;
}
