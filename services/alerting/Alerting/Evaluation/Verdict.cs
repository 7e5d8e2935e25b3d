namespace Millrace.Alerting.Evaluation;

/// <summary>What a condition says of one window.</summary>
internal enum Outcome
{
    /// <summary>Nothing: never returned.</summary>
    Unset = 0,

    /// <summary>The condition holds.</summary>
    Breached = 1,

    /// <summary>Between threshold and recovery threshold: keeps what fires firing, starts nothing.</summary>
    Between = 2,

    /// <summary>The condition does not hold.</summary>
    Clear = 3,

    /// <summary>Neither true nor false: the state stays and its clocks stand still.</summary>
    Unknown = 4,
}

/// <summary>A judgement with its reasons.</summary>
/// <param name="Outcome">The judgement.</param>
/// <param name="Value">The value that decided; NaN when there was none.</param>
/// <param name="Threshold">What it was held against.</param>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="Lasting">Whether further empty windows are judged the same, so that a long silence need not be walked through.</param>
internal readonly record struct Verdict(Outcome Outcome, double Value, double Threshold, string Reason, bool Lasting);

/// <summary>Why an alert changed, as its <c>reason</c> says.</summary>
internal static class Reasons
{
    /// <summary>The value is on the bad side of the threshold.</summary>
    public const string Threshold = "threshold";

    /// <summary>The value is back.</summary>
    public const string Recovered = "recovered";

    /// <summary>No window with events came for the time that the rule names.</summary>
    public const string Absence = "absence";

    /// <summary>The window has nothing to compute the value from.</summary>
    public const string NoData = "no_data";

    /// <summary>The rule now watches something else.</summary>
    public const string RuleChanged = "rule_changed";

    /// <summary>The rule was switched off.</summary>
    public const string RuleDisabled = "rule_disabled";

    /// <summary>The rule was deleted.</summary>
    public const string RuleDeleted = "rule_deleted";
}
