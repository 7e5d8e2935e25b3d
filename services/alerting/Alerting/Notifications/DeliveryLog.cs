using Millrace.Alerting.Storage;

namespace Millrace.Alerting.Notifications;

/// <summary>What people see of deliveries.</summary>
internal sealed class DeliveryLog(AlertingDatabase database)
{
    /// <summary>A tenant's deliveries, newest first, after a position.</summary>
    public Task<List<DeliveryRow>> ListAsync(
        string tenant, string? alertId, DeliveryState? state, (long AtMs, string Id)? after, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<DeliveryRow>(
            $"""
            SELECT {DeliveryRow.Columns} FROM alerting_deliveries
            WHERE tenant = @tenant AND (CAST(@alertId AS text) IS NULL OR alert_id = @alertId)
                AND (CAST(@State AS integer) IS NULL OR state = @State)
                AND (created_at < @CreatedAt OR (created_at = @CreatedAt AND id < @Id))
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """,
            new { tenant, alertId, State = (int?)state, CreatedAt = after?.AtMs ?? long.MaxValue, Id = after?.Id ?? "", limit },
            cancellationToken);

    /// <summary>One delivery with its attempts, or <see langword="null"/>.</summary>
    public async Task<DeliveryDocument?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var row = await database.FirstAsync<DeliveryRow>(
            $"SELECT {DeliveryRow.Columns} FROM alerting_deliveries WHERE tenant = @tenant AND id = @id", new { tenant, id }, cancellationToken);
        if (row is null) return null;
        var attempts = await database.QueryAsync<(int Attempt, long At, long DurationMs, string Outcome, string Detail)>(
            "SELECT attempt, at, duration_ms, outcome, detail FROM alerting_attempts WHERE delivery_id = @id ORDER BY attempt", new { id }, cancellationToken);
        return DeliveryDocument.From(row) with
        {
            AttemptLog =
            [
                .. attempts.Select(attempt => new AttemptDocument
                {
                    Attempt = attempt.Attempt,
                    At = Instant.Format(attempt.At),
                    DurationMs = attempt.DurationMs,
                    Outcome = attempt.Outcome,
                    Detail = attempt.Detail,
                }),
            ],
        };
    }
}
