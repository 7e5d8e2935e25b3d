using System.Text.Json;
using Google.Protobuf;
using Millrace.Alerting.Http;
using Millrace.Contracts.Protos;

namespace Millrace.Alerting.Alerts;

/// <summary>An alert as the database has it.</summary>
internal sealed class AlertRow
{
    /// <summary>The columns, named as the properties here.</summary>
    public const string Columns = """
        id AS Id, tenant AS Tenant, rule_id AS RuleId, rule_name AS RuleName, stream AS Stream, type AS Type, series_key AS SeriesKey, state AS State,
        previous_state AS PreviousState, severity AS Severity, labels AS Labels, annotations AS Annotations, summary AS Summary, reason AS Reason,
        value AS Value, threshold AS Threshold, at AS At, updated_at AS UpdatedAt, started_at AS StartedAt, resolved_at AS ResolvedAt,
        acknowledged_by AS AcknowledgedBy, acknowledged_at AS AcknowledgedAt, acknowledged_comment AS AcknowledgedComment,
        snoozed_until AS SnoozedUntil, revision AS Revision
        """;

    public string Id { get; init; } = "";

    public string Tenant { get; init; } = "";

    public string RuleId { get; init; } = "";

    public string RuleName { get; init; } = "";

    public string Stream { get; init; } = "";

    public string Type { get; init; } = "";

    public string SeriesKey { get; init; } = "";

    public int State { get; init; }

    public int PreviousState { get; init; }

    public string Severity { get; init; } = "";

    public string Labels { get; init; } = "{}";

    public string Annotations { get; init; } = "{}";

    public string Summary { get; init; } = "";

    public string Reason { get; init; } = "";

    public double? Value { get; init; }

    public double? Threshold { get; init; }

    public long At { get; init; }

    public long UpdatedAt { get; init; }

    public long StartedAt { get; init; }

    public long? ResolvedAt { get; init; }

    public string? AcknowledgedBy { get; init; }

    public long? AcknowledgedAt { get; init; }

    public string? AcknowledgedComment { get; init; }

    public long? SnoozedUntil { get; init; }

    public long Revision { get; init; }

    public AlertState AlertState => (AlertState)State;

    public SortedDictionary<string, string> LabelMap => Read(Labels);

    public SortedDictionary<string, string> AnnotationMap => Read(Annotations);

    /// <summary>The change as it goes to <c>millrace.alerts</c>, in base 64: the SQL that SQLite and PostgreSQL share has no common type for bytes.</summary>
    public string ToChangePayload()
    {
        var change = new AlertChange
        {
            Tenant = Tenant,
            AlertId = Id,
            RuleId = RuleId,
            RuleName = RuleName,
            Stream = Stream,
            Type = Type,
            Key = SeriesKey,
            State = AlertState,
            PreviousState = (AlertState)PreviousState,
            Revision = Revision,
            Severity = Severity,
            Labels = { LabelMap },
            Annotations = { AnnotationMap },
            Value = Value ?? double.NaN,
            Threshold = Threshold ?? double.NaN,
            AtMs = At,
            UpdatedAtMs = UpdatedAt,
            StartedAtMs = StartedAt,
            ResolvedAtMs = ResolvedAt ?? 0,
            AcknowledgedBy = AcknowledgedBy ?? "",
            AcknowledgedAtMs = AcknowledgedAt ?? 0,
            SnoozedUntilMs = SnoozedUntil ?? 0,
            Reason = Reason,
            Summary = Summary,
        };
        return Convert.ToBase64String(change.ToByteArray());
    }

    private static SortedDictionary<string, string> Read(string json) =>
        JsonSerializer.Deserialize(json, AlertingJson.Plain.SortedDictionaryStringString) ?? [];
}
