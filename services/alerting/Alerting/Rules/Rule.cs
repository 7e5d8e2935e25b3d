using System.Text.Json;
using Millrace.Alerting.Rules.Kinds;

namespace Millrace.Alerting.Rules;

/// <summary>A rule as people define it, checked. Immutable.</summary>
internal sealed record Rule
{
    public required string Id { get; init; }

    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public bool Enabled { get; init; } = true;

    public required string Kind { get; init; }

    public required string Stream { get; init; }

    /// <summary>Only series of this type; <see langword="null"/>: of every type.</summary>
    public string? Type { get; init; }

    /// <summary>Only the series with this key; <see langword="null"/>: with every key.</summary>
    public string? Key { get; init; }

    public required string Severity { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    /// <summary>How long the condition must hold before the alert fires.</summary>
    public TimeSpan For { get; init; }

    /// <summary>How long the condition must be gone before the alert is resolved.</summary>
    public TimeSpan KeepFiringFor { get; init; }

    public required ICondition Condition { get; init; }

    /// <summary>The condition as it was given.</summary>
    public required JsonElement ConditionJson { get; init; }

    /// <summary>Ids of the receivers to notify.</summary>
    public required IReadOnlyList<string> Receivers { get; init; }

    /// <summary>From 1, one more with each change.</summary>
    public long Revision { get; init; } = 1;

    /// <summary>The rule was deleted and is kept until its alerts are resolved.</summary>
    public bool Deleted { get; init; }

    public long CreatedAtMs { get; init; }

    public long UpdatedAtMs { get; init; }

    /// <summary>
    /// What the rule watches. While it stays the same, alerts live on through a change of the rule (a new threshold applies to what fires already);
    /// when it changes, or the rule is deleted and made anew, they are resolved.
    /// </summary>
    public string Watches => string.Join(
        '\u001f', Kind, Stream, Type ?? "\u0001", Key ?? "\u0001", Condition.WindowMs, Condition.PerSeries, CreatedAtMs);

    /// <summary>Whether the rule is evaluated.</summary>
    public bool Active => Enabled && !Deleted;

    /// <summary>Whether a series is the rule's business.</summary>
    public bool Matches(string type, string key, long windowMs) =>
        windowMs == Condition.WindowMs && (Type is null || Type == type) && (Key is null || Key == key);
}
