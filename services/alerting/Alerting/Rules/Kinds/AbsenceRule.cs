using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Http;

namespace Millrace.Alerting.Rules.Kinds;

/// <summary>
/// Fires when no window with events came for a time. <c>{"for":"30s","scope":"rule"|"series","window":"1s"}</c>: with scope <c>rule</c>, the default,
/// silence of everything that the rule matches, also when nothing ever came; with <c>series</c>, of each series that has been seen.
/// </summary>
internal sealed class AbsenceRule : IRuleKind
{
    private static readonly string[] Scopes = ["rule", "series"];

    public string Name => "absence";

    public ICondition? Parse(JsonFields condition, RuleLimits limits)
    {
        var silence = condition.Duration("for", TimeSpan.FromSeconds(1), TimeSpan.FromDays(7), required: true);
        var scope = condition.Choice("scope", Scopes) ?? "rule";
        var window = RuleFields.Window(condition, limits);
        return silence is null || window is null ? null : new Condition(silence.Value, window.Value, scope == "series");
    }

    private sealed class Condition(TimeSpan silence, TimeSpan window, bool perSeries) : ICondition
    {
        private readonly long _silenceMs = (long)silence.TotalMilliseconds;

        public long WindowMs { get; } = (long)window.TotalMilliseconds;

        public bool PerSeries => perSeries;

        public Verdict Judge(in SeriesState series, in WindowSample window)
        {
            var silentMs = window.Count > 0 ? 0 : window.EndMs - series.LastEventEndMs;
            var absent = silentMs >= _silenceMs;
            return new Verdict(
                absent ? Outcome.Breached : Outcome.Clear, silentMs / 1000d, _silenceMs / 1000d, absent ? Reasons.Absence : Reasons.Recovered, absent);
        }

        public string Describe() => $"no events for {Durations.Format(silence)}";
    }
}
