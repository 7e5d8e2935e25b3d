using System.Text.Json;
using Millrace.Alerting.Alerts;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Http;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Schema;

namespace Millrace.Alerting.Storage;

/// <summary>Writes changes of alerts: the row, and the record for <c>millrace.alerts</c> beside it.</summary>
internal static class AlertJournal
{
    private const string Upsert = $"""
        INSERT INTO alerting_alerts (id, tenant, rule_id, rule_name, stream, type, series_key, state, previous_state, severity, labels, annotations,
            summary, reason, value, threshold, at, updated_at, started_at, resolved_at, revision)
        VALUES (@Id, @Tenant, @RuleId, @RuleName, @Stream, @Type, @SeriesKey, @State, @PreviousState, @Severity, @Labels, @Annotations,
            @Summary, @Reason, @Value, @Threshold, @At, @UpdatedAt, @StartedAt, @ResolvedAt, 1)
        ON CONFLICT (id) DO UPDATE SET rule_name = excluded.rule_name, state = excluded.state, previous_state = excluded.previous_state,
            severity = excluded.severity, labels = excluded.labels, annotations = excluded.annotations, summary = excluded.summary,
            reason = excluded.reason, value = COALESCE(excluded.value, alerting_alerts.value),
            threshold = COALESCE(excluded.threshold, alerting_alerts.threshold), at = excluded.at, updated_at = excluded.updated_at,
            resolved_at = excluded.resolved_at,
            snoozed_until = CASE WHEN excluded.resolved_at IS NULL THEN alerting_alerts.snoozed_until END, revision = alerting_alerts.revision + 1
        RETURNING {AlertRow.Columns}
        """;

    /// <summary>Writes a transition and answers with the alert as it now is.</summary>
    public static async Task<AlertRow> WriteAsync(SqlScope sql, AlertTransition transition)
    {
        var rule = transition.Rule;
        var labels = AlertText.Labels(rule, transition.Series);
        var annotations = AlertText.Annotations(rule, labels, transition.Value, transition.Threshold);
        var row = await sql.FirstAsync<AlertRow>(Upsert, new
        {
            Id = transition.Series.Id.AlertId(rule.Tenant, rule.Id, transition.StartedMs).ToString(),
            rule.Tenant,
            RuleId = rule.Id,
            RuleName = rule.Name,
            rule.Stream,
            transition.Series.Id.Type,
            SeriesKey = transition.Series.Id.Key,
            State = (int)transition.To,
            PreviousState = (int)transition.From,
            rule.Severity,
            Labels = Json(labels),
            Annotations = Json(annotations),
            Summary = AlertText.Summary(rule, transition.Series, annotations, transition.Value),
            transition.Reason,
            Value = Finite(transition.Value),
            Threshold = Finite(transition.Threshold),
            At = transition.AtMs,
            UpdatedAt = sql.NowMs,
            StartedAt = transition.StartedMs,
            ResolvedAt = transition.To == AlertState.Resolved ? transition.AtMs : (long?)null,
        });
        await PublishAsync(sql, row!);
        return row!;
    }

    /// <summary>Puts the alert as it is into the outbox for <c>millrace.alerts</c>.</summary>
    public static Task PublishAsync(SqlScope sql, AlertRow row) => sql.ExecuteAsync(
        "INSERT INTO alerting_changes (alert_id, revision, tenant, made_at, payload) VALUES (@Id, @Revision, @Tenant, @NowMs, @Payload)",
        new { row.Id, row.Revision, row.Tenant, sql.NowMs, Payload = row.ToChangePayload() });

    private static string Json(SortedDictionary<string, string> map) => JsonSerializer.Serialize(map, AlertingJson.Plain.SortedDictionaryStringString);

    private static double? Finite(double number) => double.IsFinite(number) ? number : null;
}
