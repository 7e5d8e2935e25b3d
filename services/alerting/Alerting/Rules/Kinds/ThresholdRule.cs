using System.Globalization;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Http;
using Millrace.Contracts.Errors;

namespace Millrace.Alerting.Rules.Kinds;

/// <summary>
/// Compares a value of each window with a threshold, for each series by itself.
/// <c>{"value":"count","op":"&gt;","threshold":5,"recovery_threshold":3,"window":"1s","no_data":"clear"|"hold"|"breach"}</c>.
/// </summary>
internal sealed class ThresholdRule : IRuleKind
{
    private static readonly string[] Operators = [">", ">=", "<", "<=", "==", "!="];
    private static readonly string[] NoData = ["clear", "hold", "breach"];

    public string Name => "threshold";

    public ICondition? Parse(JsonFields condition, RuleLimits limits)
    {
        var value = RuleFields.Value(condition);
        var op = condition.Choice("op", Operators, required: true);
        var threshold = condition.Number("threshold", required: true);
        var recovery = condition.Number("recovery_threshold");
        var window = RuleFields.Window(condition, limits);
        var noData = condition.Choice("no_data", NoData) ?? "clear";
        if (recovery is not null && op is not null && threshold is not null && WrongSide(op, threshold.Value, recovery.Value) is { } wrong)
        {
            condition.Error("recovery_threshold", ErrorCodes.BadRequest, wrong);
            return null;
        }
        if (value is null || op is null || threshold is null || window is null) return null;
        return new Condition(value, op, threshold.Value, recovery ?? threshold.Value, window.Value, noData switch
        {
            "hold" => Outcome.Unknown,
            "breach" => Outcome.Breached,
            _ => Outcome.Clear,
        });
    }

    private static string? WrongSide(string op, double threshold, double recovery) => op switch
    {
        ">" or ">=" when recovery > threshold => "Must not be above the threshold.",
        "<" or "<=" when recovery < threshold => "Must not be below the threshold.",
        "==" or "!=" => $"Has no meaning with the operator {op}.",
        _ => null,
    };

    private static bool Holds(string op, double value, double threshold) => op switch
    {
        ">" => value > threshold,
        ">=" => value >= threshold,
        "<" => value < threshold,
        "<=" => value <= threshold,
        "==" => value.Equals(threshold),
        _ => !value.Equals(threshold),
    };

    private sealed class Condition(
        WindowValue value, string op, double threshold, double recovery, TimeSpan window, Outcome noData) : ICondition
    {
        public long WindowMs { get; } = (long)window.TotalMilliseconds;

        public bool PerSeries => true;

        public Verdict Judge(in SeriesState series, in WindowSample window)
        {
            var lasting = window.Count == 0;
            if (!value.TryRead(window, out var actual)) return new Verdict(noData, double.NaN, threshold, Reasons.NoData, lasting);
            if (Holds(op, actual, threshold)) return new Verdict(Outcome.Breached, actual, threshold, Reasons.Threshold, lasting);
            return series.Alerting && Holds(op, actual, recovery)
                ? new Verdict(Outcome.Between, actual, recovery, Reasons.Threshold, lasting)
                : new Verdict(Outcome.Clear, actual, series.Alerting ? recovery : threshold, Reasons.Recovered, lasting);
        }

        public string Describe() => string.Create(CultureInfo.InvariantCulture, $"{value} {op} {threshold}");
    }
}
