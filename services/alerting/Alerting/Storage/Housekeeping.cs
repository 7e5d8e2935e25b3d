using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Notifications;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Workers;

namespace Millrace.Alerting.Storage;

/// <summary>Removes what is older than the options want it, every ten minutes.</summary>
internal sealed class Housekeeping(AlertingDatabase database, IOptions<AlertingOptions> options, TimeProvider time, ILogger<Housekeeping> logger)
    : Worker(time, logger)
{
    private const int BatchSize = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    // Long enough for a replay after the longest outage that keeps its position in the log.
    private static readonly TimeSpan NeverFiredRetention = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public override string Name => "alerting.housekeeping";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var (alerts, deliveries, rules) = await PurgeAsync(cancellationToken);
            if (alerts + deliveries + rules > 0) Log.Purged(logger, alerts, deliveries, rules);
            if (alerts < BatchSize && deliveries < BatchSize) await Task.Delay(Interval, Time, cancellationToken);
        }
    }

    /// <summary>Removes one batch of each.</summary>
    public Task<(int Alerts, int Deliveries, int Rules)> PurgeAsync(CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var oldest = sql.NowMs - (long)options.Value.Retention.TotalMilliseconds;
            var parameters = new
            {
                oldest,
                neverFired = sql.NowMs - (long)NeverFiredRetention.TotalMilliseconds,
                Inactive = (int)AlertState.Inactive,
                Resolved = (int)AlertState.Resolved,
                Sending = (int)DeliveryState.Sending,
                BatchSize,
            };
            var alerts = await sql.ExecuteAsync(
                """
                DELETE FROM alerting_alerts WHERE id IN (SELECT id FROM alerting_alerts
                    WHERE (state = @Resolved AND updated_at < @oldest) OR (state = @Inactive AND updated_at < @neverFired) LIMIT @BatchSize)
                """,
                parameters);
            const string Old = "SELECT id FROM alerting_deliveries WHERE state > @Sending AND updated_at < @oldest ORDER BY id LIMIT @BatchSize";
            await sql.ExecuteAsync($"DELETE FROM alerting_attempts WHERE delivery_id IN ({Old})", parameters);
            var deliveries = await sql.ExecuteAsync($"DELETE FROM alerting_deliveries WHERE id IN ({Old})", parameters);
            var rules = await sql.ExecuteAsync(
                """
                DELETE FROM alerting_rules WHERE deleted_at < @neverFired
                    AND NOT EXISTS (SELECT 1 FROM alerting_series AS series WHERE series.tenant = alerting_rules.tenant AND series.rule_id = alerting_rules.id)
                """,
                parameters);
            return (alerts, deliveries, rules);
        },
        cancellationToken);
}
