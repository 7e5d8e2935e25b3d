using System.Text.Json;
using Millrace.Contracts.Protos;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>Turns an alert change on the log into the document that clients get.</summary>
internal static class AlertDocument
{
    public static void Write(Utf8JsonWriter json, AlertChange change)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, change.AlertId);
        json.WriteString("rule_id"u8, change.RuleId);
        json.WriteString("rule_name"u8, change.RuleName);
        json.WriteString("stream"u8, change.Stream);
        json.WriteText("type"u8, change.Type);
        json.WriteString("key"u8, change.Key);
        json.WriteString("state"u8, Name(change.State));
        json.WriteString("severity"u8, change.Severity);
        json.WriteStartObject("labels"u8);
        foreach (var (name, value) in change.Labels) json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteFinite("value"u8, change.Value);
        json.WriteFinite("threshold"u8, change.Threshold);
        json.WriteTime("at"u8, change.AtMs);
        json.WriteTime("started_at"u8, change.StartedAtMs);
        json.WriteTime("resolved_at"u8, change.ResolvedAtMs);
        json.WriteText("acknowledged_by"u8, change.AcknowledgedBy);
        json.WriteTime("acknowledged_at"u8, change.AcknowledgedAtMs);
        json.WriteTime("snoozed_until"u8, change.SnoozedUntilMs);
        json.WriteText("reason"u8, change.Reason);
        json.WriteString("summary"u8, change.Summary);
        json.WriteNumber("revision"u8, change.Revision);
        json.WriteEndObject();
    }

    private static ReadOnlySpan<byte> Name(AlertState state) => state switch
    {
        AlertState.Inactive => "inactive"u8,
        AlertState.Pending => "pending"u8,
        AlertState.Firing => "firing"u8,
        AlertState.Recovering => "recovering"u8,
        AlertState.Resolved => "resolved"u8,
        _ => "unknown"u8,
    };
}
