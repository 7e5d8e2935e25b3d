using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Rules;

namespace Millrace.Alerting.Alerts;

/// <summary>The labels of an alert and the texts that people read.</summary>
internal static partial class AlertText
{
    /// <summary>Labels: Millrace's own, over the rule's, over the dimensions of the series.</summary>
    public static SortedDictionary<string, string> Labels(Rule rule, WatchedSeries series)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in series.Dims) labels[name] = value;
        foreach (var (name, value) in rule.Labels) labels[name] = value;
        labels["alertname"] = rule.Name;
        labels["severity"] = rule.Severity;
        labels["stream"] = rule.Stream;
        if (series.Id.Type.Length > 0) labels["type"] = series.Id.Type;
        if (series.Id.Key.Length > 0) labels["key"] = series.Id.Key;
        return labels;
    }

    /// <summary>Annotations with their placeholders filled in.</summary>
    public static SortedDictionary<string, string> Annotations(Rule rule, IReadOnlyDictionary<string, string> labels, double value, double threshold)
    {
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in rule.Annotations) annotations[name] = Fill(text, labels, value, threshold);
        return annotations;
    }

    /// <summary>One line: the annotation <c>summary</c>, or the condition in words.</summary>
    public static string Summary(Rule rule, WatchedSeries series, IReadOnlyDictionary<string, string> annotations, double value)
    {
        if (annotations.TryGetValue("summary", out var summary) && summary.Length > 0) return summary;
        var where = rule.Stream + (series.Id.Type.Length > 0 ? "/" + series.Id.Type : "") + (series.Id.Key.Length > 0 ? $" {{{series.Id.Key}}}" : "");
        var held = rule.For > TimeSpan.Zero ? " for " + Durations.Format(rule.For) : "";
        return $"{where}: {rule.Condition.Describe()}{held}" + (double.IsNaN(value) ? "" : $" (now {Number(value)})");
    }

    private static string Fill(string text, IReadOnlyDictionary<string, string> labels, double value, double threshold) =>
        Placeholder().Replace(text, match => match.Groups["label"] is { Success: true } label
            ? labels.GetValueOrDefault(label.Value, "")
            : Number(match.Groups["number"].Value == "value" ? value : threshold));

    private static string Number(double number) =>
        double.IsNaN(number) ? "nothing" : number.ToString("0.######", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\{\{\s*\$?(?:(?<number>value|threshold)|labels\.(?<label>[a-zA-Z_][a-zA-Z0-9_]*))\s*\}\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Placeholder();
}
