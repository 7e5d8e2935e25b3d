using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Http;

namespace Millrace.Alerting.Rules.Kinds;

/// <summary>
/// A kind of rule. Every class of this assembly that implements it is registered by itself: a new kind is one file in this folder.
/// Stateless and safe from any thread.
/// </summary>
internal interface IRuleKind
{
    /// <summary>The rule's <c>kind</c>, lower case.</summary>
    string Name { get; }

    /// <summary>
    /// Reads and checks the rule's <c>condition</c>: reports every bad field in <see cref="JsonFields.Errors"/>. Unknown fields are reported by
    /// the caller.
    /// </summary>
    /// <returns>The condition, or <see langword="null"/> when an error was reported.</returns>
    ICondition? Parse(JsonFields condition, RuleLimits limits);
}

/// <summary>The condition of one rule. Immutable; judging is a pure function of its arguments.</summary>
internal interface ICondition
{
    /// <summary>Size of the windows that it looks at, in milliseconds.</summary>
    long WindowMs { get; }

    /// <summary>
    /// Whether each series (type and key) that matches the rule has its own state and alert; otherwise all that match are one, which exists from
    /// the making of the rule on and is also judged when no window was ever seen.
    /// </summary>
    bool PerSeries { get; }

    /// <summary>Judges one window, or the absence of one.</summary>
    /// <param name="series">What is known of the series before this window.</param>
    /// <param name="window">The window, empty when no event fell into it.</param>
    Verdict Judge(in SeriesState series, in WindowSample window);

    /// <summary>The condition in words, such as <c>count &gt; 5</c>, for the alert's summary.</summary>
    string Describe();
}

/// <summary>What a condition may know of its series.</summary>
/// <param name="Alerting">The alert fires or recovers: the recovery threshold counts.</param>
/// <param name="LastEventEndMs">Event time at which the last window with events ended (or at which watching began).</param>
internal readonly record struct SeriesState(bool Alerting, long LastEventEndMs);

/// <summary>The bounds that options set for rules.</summary>
/// <param name="WindowSizes">Sizes of windows that the aggregator makes.</param>
internal sealed record RuleLimits(IReadOnlyList<TimeSpan> WindowSizes);
