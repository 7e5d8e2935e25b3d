using Millrace.Alerting.Http;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;

namespace Millrace.Alerting.Rules;

/// <summary>Fields that several kinds of rule share.</summary>
internal static class RuleFields
{
    /// <summary><c>window</c>: one of the sizes that the aggregator makes; the smallest when absent.</summary>
    public static TimeSpan? Window(JsonFields condition, RuleLimits limits)
    {
        var given = condition.Duration("window", TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));
        if (given is null) return limits.WindowSizes.Min();
        if (limits.WindowSizes.Contains(given.Value)) return given;
        condition.Error(
            "window", ErrorCodes.BadRequest, $"There are no windows of {Durations.Format(given.Value)}; there are windows of "
            + string.Join(", ", limits.WindowSizes.Order().Select(Durations.Format)) + ".");
        return null;
    }

    /// <summary><c>value</c>: which number of a window is meant.</summary>
    public static WindowValue? Value(JsonFields condition)
    {
        if (condition.Text("value", EventLimits.FieldNameLength + 20, required: true) is not { } text) return null;
        if (WindowValue.TryParse(text, out var value)) return value;
        condition.Error("value", ErrorCodes.BadRequest, $"'{text}' is not {WindowValue.Rule}.");
        return null;
    }
}
