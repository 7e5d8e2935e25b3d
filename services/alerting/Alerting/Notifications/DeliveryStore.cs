using Microsoft.Extensions.Options;
using Millrace.Alerting.Storage;
using Millrace.Ports.Notifications;

namespace Millrace.Alerting.Notifications;

/// <summary>The outbox of notifications and the log of their deliveries.</summary>
internal sealed class DeliveryStore(AlertingDatabase database, InstanceHeartbeat heartbeat, IOptions<AlertingOptions> options)
{
    // Nothing overtakes: a delivery waits for the earlier ones about the same alert to the same receiver, or "resolved" could come before "firing".
    private const string InOrder = """
        NOT EXISTS (SELECT 1 FROM alerting_deliveries AS earlier WHERE earlier.alert_id = alerting_deliveries.alert_id
            AND earlier.receiver_id = alerting_deliveries.receiver_id AND earlier.alert_revision < alerting_deliveries.alert_revision
            AND earlier.state <= 1)
        """;

    // An attempt is over when its lease is, or when the instance that makes it lives no more.
    private const string IsLost = """
        NOT EXISTS (SELECT 1 FROM alerting_instances AS living WHERE living.name = alerting_deliveries.lease_owner AND living.alive_until > @NowMs)
        """;

    private DeliveryOptions Options => options.Value.Delivery;

    /// <summary>Takes the deliveries that are due, as many as there are places, for one attempt each.</summary>
    public Task<List<DeliveryRow>> ClaimAsync(CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var underWay = await sql.QueryAsync<(string Tenant, string Receiver, long Count)>(
                $"""
                SELECT tenant, receiver_id, COUNT(*) FROM alerting_deliveries WHERE state = 1 AND next_attempt_at > @NowMs AND NOT ({IsLost})
                GROUP BY tenant, receiver_id
                """,
                new { sql.NowMs });
            var places = underWay.ToDictionary(entry => (entry.Tenant, entry.Receiver), entry => entry.Count);
            var free = Options.MaxInFlight - (int)underWay.Sum(entry => entry.Count);
            var claimed = new List<DeliveryRow>();
            if (free <= 0) return claimed;
            // More than there are places, since a receiver that has all of its own must not hide the others.
            var due = await sql.QueryAsync<(string Id, string Tenant, string Receiver)>(
                $"""
                SELECT id, tenant, receiver_id FROM alerting_deliveries
                WHERE state <= 1 AND (next_attempt_at <= @NowMs OR (state = 1 AND {IsLost})) AND {InOrder} ORDER BY next_attempt_at, id LIMIT 1000
                """,
                new { sql.NowMs });
            foreach (var (id, tenant, receiver) in due)
            {
                var taken = places.GetValueOrDefault((tenant, receiver));
                if (taken >= Options.MaxInFlightPerReceiver) continue;
                places[(tenant, receiver)] = taken + 1;
                claimed.Add((await sql.FirstAsync<DeliveryRow>(
                    $"""
                    UPDATE alerting_deliveries SET state = 1, attempts = attempts + 1, begun = 0, lease_owner = @Instance, next_attempt_at = @lease,
                        updated_at = @NowMs WHERE id = @id RETURNING {DeliveryRow.Columns}
                    """,
                    new { id, heartbeat.Instance, sql.NowMs, lease = sql.NowMs + (long)Options.Lease.TotalMilliseconds }))!);
                if (claimed.Count == free) break;
            }
            if (claimed.Count > 0) await heartbeat.BeatAsync(sql);
            return claimed;
        },
        cancellationToken);

    /// <summary>
    /// When there is something to do next: an attempt is due, a lease ends, or, in the past, an instance has died in the middle of one. And how many
    /// deliveries are unfinished.
    /// </summary>
    public async Task<(long? NextMs, long Depth)> NextAsync(CancellationToken cancellationToken) =>
        await database.FirstAsync<(long?, long)>(
            $"""
            SELECT MIN(CASE WHEN NOT ({InOrder}) THEN NULL WHEN state = 1 AND {IsLost} THEN 0 ELSE next_attempt_at END), COUNT(*)
            FROM alerting_deliveries WHERE state <= 1
            """,
            new { database.NowMs },
            cancellationToken);

    /// <summary>
    /// Begins an attempt, if it is still wanted: not finished, no later one begun, and this one not begun by another instance, for the bus may bring a
    /// command twice. The lease is from here on that of this instance.
    /// </summary>
    public Task<DeliveryRow?> BeginAttemptAsync(NotificationCommand command, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var begun = await sql.FirstAsync<DeliveryRow>(
                $"""
                UPDATE alerting_deliveries SET begun = 1, lease_owner = @Instance, next_attempt_at = @lease
                WHERE id = @Id AND tenant = @Tenant AND state = 1 AND attempts = @Attempt AND begun = 0 RETURNING {DeliveryRow.Columns}
                """,
                new { heartbeat.Instance, lease = sql.NowMs + (long)Options.Lease.TotalMilliseconds, command.Id, command.Tenant, command.Attempt });
            if (begun is not null) await heartbeat.BeatAsync(sql);
            return begun;
        },
        cancellationToken);

    /// <summary>Writes down what came of an attempt.</summary>
    /// <returns>Where the delivery stands now, or <see langword="null"/> when the attempt was not the current one any more.</returns>
    public Task<DeliveryState?> RecordAsync(DeliveryRow delivery, DeliveryOutcome outcome, long durationMs, double random, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async sql =>
            {
                var state = Next(delivery, outcome, sql.NowMs);
                var delay = Backoff.After(Options, delivery.Attempts, outcome.RetryAfter, random);
                var updated = await sql.ExecuteAsync(
                    """
                    UPDATE alerting_deliveries SET state = @State, next_attempt_at = @Due, lease_owner = NULL, last_error = @Error, updated_at = @NowMs,
                        delivered_at = @DeliveredAt WHERE id = @Id AND state = 1 AND attempts = @Attempts
                    """,
                    new
                    {
                        State = (int)state,
                        Due = state == DeliveryState.Pending ? sql.NowMs + (long)delay.TotalMilliseconds : (long?)null,
                        Error = state == DeliveryState.Delivered ? null : outcome.Detail,
                        sql.NowMs,
                        DeliveredAt = state == DeliveryState.Delivered ? sql.NowMs : (long?)null,
                        delivery.Id,
                        delivery.Attempts,
                    });
                if (updated == 0) return (DeliveryState?)null;
                await sql.ExecuteAsync(
                    """
                    INSERT INTO alerting_attempts (delivery_id, attempt, at, duration_ms, outcome, detail)
                    VALUES (@Id, @Attempts, @At, @durationMs, @Outcome, @Detail) ON CONFLICT (delivery_id, attempt) DO NOTHING
                    """,
                    new
                    {
                        delivery.Id,
                        delivery.Attempts,
                        At = sql.NowMs - durationMs,
                        durationMs,
                        Outcome = Name(outcome.Status),
                        outcome.Detail,
                    });
                return state;
            },
            cancellationToken);

    /// <summary>The bus did not take the command: the attempt did not happen and is due again soon.</summary>
    public Task ReturnAsync(DeliveryRow delivery, string error, CancellationToken cancellationToken) => database.WriteAsync(
        sql => sql.ExecuteAsync(
            """
            UPDATE alerting_deliveries SET state = 0, attempts = attempts - 1, lease_owner = NULL, last_error = @error,
                next_attempt_at = @due, updated_at = @NowMs WHERE id = @Id AND state = 1 AND attempts = @Attempts
            """,
            new { error, due = sql.NowMs + (long)Options.BaseDelay.TotalMilliseconds, sql.NowMs, delivery.Id, delivery.Attempts }),
        cancellationToken);

    /// <summary>The name of a verdict in the delivery log and in metrics.</summary>
    public static string Name(DeliveryStatus status) => status switch
    {
        DeliveryStatus.Delivered => "delivered",
        DeliveryStatus.Retry => "retry",
        _ => "rejected",
    };

    private DeliveryState Next(DeliveryRow delivery, DeliveryOutcome outcome, long nowMs) => outcome.Status switch
    {
        DeliveryStatus.Delivered => DeliveryState.Delivered,
        DeliveryStatus.Retry when delivery.Attempts < Options.MaxAttempts
            && nowMs - delivery.CreatedAt < Options.MaxAge.TotalMilliseconds => DeliveryState.Pending,
        _ => DeliveryState.Failed,
    };
}
