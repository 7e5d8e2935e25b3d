using Millrace.Alerting.Notifications;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Storage;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Audit;

namespace Millrace.Alerting.Alerts;

/// <summary>Alerts in the database: what people see of them and do with them.</summary>
internal sealed class AlertStore(AlertingDatabase database, AuditLog audit, NotificationOutbox outbox, RuleStore rules)
{
    private const string IsOpen = "state IN (2, 3, 4)"; // pending, firing, recovering

    /// <summary>A tenant's alerts in some states, newest first, after a position.</summary>
    public Task<List<AlertRow>> ListAsync(
        string tenant, IReadOnlyList<AlertState> states, string? ruleId, string? stream, (long StartedAt, string Id)? after, int limit,
        CancellationToken cancellationToken) => database.QueryAsync<AlertRow>(
        $"""
        SELECT {AlertRow.Columns} FROM alerting_alerts
        WHERE tenant = @tenant AND state IN ({string.Join(", ", states.Select(state => (int)state))}) AND (CAST(@ruleId AS text) IS NULL OR rule_id = @ruleId)
            AND (CAST(@stream AS text) IS NULL OR stream = @stream)
            AND (started_at < @StartedAt OR (started_at = @StartedAt AND id < @Id))
        ORDER BY started_at DESC, id DESC LIMIT @limit
        """,
        new
        {
            tenant,
            ruleId,
            stream,
            StartedAt = after?.StartedAt ?? long.MaxValue,
            Id = after?.Id ?? "",
            limit,
        },
        cancellationToken);

    /// <summary>One alert, or <see langword="null"/>.</summary>
    public Task<AlertRow?> FindAsync(string tenant, string id, CancellationToken cancellationToken) => database.FirstAsync<AlertRow>(
        $"SELECT {AlertRow.Columns} FROM alerting_alerts WHERE tenant = @tenant AND id = @id", new { tenant, id }, cancellationToken);

    /// <summary>Somebody takes care of an alert.</summary>
    public Task<AlertRow?> AcknowledgeAsync(string tenant, string id, string actor, string? comment, CancellationToken cancellationToken) => ChangeAsync(
        "acknowledged_by = @actor, acknowledged_at = @NowMs, acknowledged_comment = @comment",
        new AlertAction(tenant, id, actor, "alert.acknowledge", comment),
        nowMs => new { tenant, id, actor, comment, NowMs = nowMs },
        cancellationToken);

    /// <summary>Nobody does any more.</summary>
    public Task<AlertRow?> UnacknowledgeAsync(string tenant, string id, string actor, CancellationToken cancellationToken) => ChangeAsync(
        "acknowledged_by = NULL, acknowledged_at = NULL, acknowledged_comment = NULL",
        new AlertAction(tenant, id, actor, "alert.unacknowledge", null),
        nowMs => new { tenant, id, NowMs = nowMs },
        cancellationToken);

    /// <summary>No notifications for a while; zero ends that.</summary>
    public Task<AlertRow?> SnoozeAsync(string tenant, string id, string actor, TimeSpan duration, CancellationToken cancellationToken) => ChangeAsync(
        "snoozed_until = @until",
        new AlertAction(tenant, id, actor, "alert.snooze", "for " + Durations.Format(duration)),
        nowMs => new { tenant, id, NowMs = nowMs, until = duration == TimeSpan.Zero ? (long?)null : nowMs + (long)duration.TotalMilliseconds },
        cancellationToken);

    /// <summary>When the next snooze ends.</summary>
    public Task<long?> NextSnoozeEndAsync(CancellationToken cancellationToken) =>
        database.FirstAsync<long?>("SELECT MIN(snoozed_until) FROM alerting_alerts WHERE snoozed_until IS NOT NULL", null, cancellationToken);

    /// <summary>Ends the snoozes that are over; those whose alert still fires are told again.</summary>
    /// <returns>Snoozes ended, and notifications added.</returns>
    public Task<(int Ended, int Notified)> EndSnoozesAsync(CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var ended = await sql.QueryAsync<AlertRow>(
                $"""
                UPDATE alerting_alerts SET snoozed_until = NULL, revision = revision + 1, previous_state = state, updated_at = @NowMs
                WHERE snoozed_until <= @NowMs RETURNING {AlertRow.Columns}
                """,
                new { sql.NowMs });
            var notified = 0;
            foreach (var alert in ended)
            {
                await AlertJournal.PublishAsync(sql, alert);
                if (alert.AlertState is not (AlertState.Firing or AlertState.Recovering)) continue;
                notified += await outbox.AddAsync(sql, alert, NotificationOutbox.Firing, await rules.ReceiversAsync(sql, alert.Tenant, alert.RuleId));
            }
            return (ended.Count, notified);
        },
        cancellationToken);

    private Task<AlertRow?> ChangeAsync(string assignments, AlertAction action, Func<long, object> parameters, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async sql =>
            {
                var row = await sql.FirstAsync<AlertRow>(
                    $"""
                    UPDATE alerting_alerts SET {assignments}, revision = revision + 1, previous_state = state, updated_at = @NowMs
                    WHERE tenant = @tenant AND id = @id AND {IsOpen} RETURNING {AlertRow.Columns}
                    """,
                    parameters(sql.NowMs));
                if (row is null) return null;
                await AlertJournal.PublishAsync(sql, row);
                await audit.WriteAsync(
                    sql.Connection, sql.Transaction, action.Tenant, action.Actor, action.Name, action.Id, action.Detail, sql.Cancellation);
                return row;
            },
            cancellationToken);

    private sealed record AlertAction(string Tenant, string Id, string Actor, string Name, string? Detail);
}
