using System.Text.Json;

namespace Millrace.Alerting.Rules;

/// <summary>A rule as the API shows it and as the database keeps it.</summary>
internal sealed record RuleDocument
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required bool Enabled { get; init; }

    public required string Kind { get; init; }

    public required string Stream { get; init; }

    public string? Type { get; init; }

    public string? Key { get; init; }

    public required string Severity { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public required string For { get; init; }

    public required string KeepFiringFor { get; init; }

    public required JsonElement Condition { get; init; }

    public required IReadOnlyList<string> Receivers { get; init; }

    public long Revision { get; init; }

    public string? CreatedAt { get; init; }

    public string? UpdatedAt { get; init; }

    public static RuleDocument From(Rule rule) => new()
    {
        Id = rule.Id,
        Name = rule.Name,
        Enabled = rule.Enabled,
        Kind = rule.Kind,
        Stream = rule.Stream,
        Type = rule.Type,
        Key = rule.Key,
        Severity = rule.Severity,
        Labels = rule.Labels,
        Annotations = rule.Annotations,
        For = Durations.Format(rule.For),
        KeepFiringFor = Durations.Format(rule.KeepFiringFor),
        Condition = rule.ConditionJson,
        Receivers = rule.Receivers,
        Revision = rule.Revision,
        CreatedAt = Instant.Format(rule.CreatedAtMs),
        UpdatedAt = Instant.Format(rule.UpdatedAtMs),
    };
}
