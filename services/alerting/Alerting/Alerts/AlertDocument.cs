using Millrace.Contracts.Protos;

namespace Millrace.Alerting.Alerts;

/// <summary>An alert as the API shows it: the same fields as on the channel <c>alerts</c>, and a few more.</summary>
internal sealed record AlertDocument
{
    public required string Id { get; init; }

    public required string RuleId { get; init; }

    public required string RuleName { get; init; }

    public required string Stream { get; init; }

    public required string Type { get; init; }

    public required string Key { get; init; }

    public required string State { get; init; }

    public required string PreviousState { get; init; }

    public required string Severity { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public double? Value { get; init; }

    public double? Threshold { get; init; }

    public required string StartedAt { get; init; }

    public required string ChangedAt { get; init; }

    public required string UpdatedAt { get; init; }

    public string? ResolvedAt { get; init; }

    public string? AcknowledgedBy { get; init; }

    public string? AcknowledgedAt { get; init; }

    public string? AcknowledgedComment { get; init; }

    public string? SnoozedUntil { get; init; }

    public required string Reason { get; init; }

    public required string Summary { get; init; }

    public required long Revision { get; init; }

    public static AlertDocument From(AlertRow row) => new()
    {
        Id = row.Id,
        RuleId = row.RuleId,
        RuleName = row.RuleName,
        Stream = row.Stream,
        Type = row.Type,
        Key = row.SeriesKey,
        State = AlertStates.Name(row.AlertState),
        PreviousState = AlertStates.Name((AlertState)row.PreviousState),
        Severity = row.Severity,
        Labels = row.LabelMap,
        Annotations = row.AnnotationMap,
        Value = row.Value,
        Threshold = row.Threshold,
        StartedAt = Instant.Format(row.StartedAt),
        ChangedAt = Instant.Format(row.At),
        UpdatedAt = Instant.Format(row.UpdatedAt),
        ResolvedAt = Instant.FormatOrNull(row.ResolvedAt),
        AcknowledgedBy = row.AcknowledgedBy,
        AcknowledgedAt = Instant.FormatOrNull(row.AcknowledgedAt),
        AcknowledgedComment = row.AcknowledgedComment,
        SnoozedUntil = Instant.FormatOrNull(row.SnoozedUntil),
        Reason = row.Reason,
        Summary = row.Summary,
        Revision = row.Revision,
    };
}

/// <summary>States by the names that people use.</summary>
internal static class AlertStates
{
    private static readonly (string Name, AlertState State)[] Table =
    [
        ("pending", AlertState.Pending), ("firing", AlertState.Firing), ("recovering", AlertState.Recovering), ("resolved", AlertState.Resolved),
        ("inactive", AlertState.Inactive),
    ];

    public static string Names => string.Join(", ", Table.Select(entry => entry.Name));

    public static string Name(AlertState state) => Table.First(entry => entry.State == state).Name;

    public static bool TryParse(string name, out AlertState state)
    {
        state = Table.FirstOrDefault(entry => entry.Name == name).State;
        return state != AlertState.Unspecified;
    }
}
