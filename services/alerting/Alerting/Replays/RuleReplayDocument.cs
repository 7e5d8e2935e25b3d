using Millrace.Alerting.Alerts;
using Millrace.Alerting.Evaluation;
using Millrace.Contracts.Protos;

namespace Millrace.Alerting.Replays;

/// <summary>What a rule would have raised.</summary>
/// <param name="RuleId">The rule.</param>
/// <param name="From">Begin of the range, event time.</param>
/// <param name="To">Its end.</param>
/// <param name="Windows">Final windows of the range that were judged.</param>
/// <param name="Complete">Whether the log still had all windows of the range, and the answer all changes.</param>
/// <param name="LogFrom">Where the log begins, if that is within the range.</param>
/// <param name="Changes">Changes of alerts, oldest first.</param>
internal sealed record RuleReplayDocument(
    string RuleId, string From, string To, long Windows, bool Complete, string? LogFrom, IReadOnlyList<RuleReplayChange> Changes)
{
    /// <summary>The document of a result.</summary>
    public static RuleReplayDocument Of(string ruleId, long fromMs, long toMs, RuleReplayer.Result result) => new(
        ruleId,
        Instant.Format(fromMs),
        Instant.Format(toMs),
        result.Windows,
        result is { LogFromMs: null, Truncated: false },
        Instant.FormatOrNull(result.LogFromMs),
        [.. result.Changes.Select(RuleReplayChange.Of)]);
}

/// <summary>One change of an alert, named as the service would have named it.</summary>
internal sealed record RuleReplayChange(
    string AlertId, string Type, string Key, string State, string PreviousState, string At, string StartedAt, double? Value, double? Threshold, string Reason)
{
    /// <summary>The document of a change.</summary>
    public static RuleReplayChange Of(AlertTransition change) => new(
        change.Series.Id.AlertId(change.Rule.Tenant, change.Rule.Id, change.StartedMs).ToString(),
        change.Series.Id.Type,
        change.Series.Id.Key,
        NameOf(change.To),
        NameOf(change.From),
        Instant.Format(change.AtMs),
        Instant.Format(change.StartedMs),
        double.IsFinite(change.Value) ? change.Value : null,
        double.IsFinite(change.Threshold) ? change.Threshold : null,
        change.Reason);

    private static string NameOf(AlertState state) => AlertStates.Name(state);
}
