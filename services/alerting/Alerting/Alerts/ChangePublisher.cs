using Microsoft.Extensions.Logging;
using Millrace.Alerting.Storage;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Hosting.Faults;
using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Alerts;

/// <summary>
/// Carries changes from their outbox to <c>millrace.alerts</c>, those of an alert in order, on one instance at a time. A crash between append and mark
/// repeats a record, which readers recognise by alert and revision.
/// </summary>
internal sealed class ChangePublisher(
    AlertingDatabase database,
    Mutexes mutexes,
    IEventLog log,
    AlertingSignals signals,
    AlertingMetrics metrics,
    TimeProvider time,
    ReadinessGate readiness,
    ILogger<ChangePublisher> logger) : Worker(time, logger, readiness)
{
    private const int BatchSize = 500;
    private const string Mutex = "changes";

    // Another instance on the same database may have left changes behind.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    // Another one is just publishing.
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public override string Name => "alerting.changes";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            switch (await PublishAsync(cancellationToken))
            {
                case null: await Task.Delay(Busy, Time, cancellationToken); break;
                case < BatchSize: await signals.Changes.WaitAsync(LookAgain, Time, cancellationToken); break;
                default: break;
            }
        }
    }

    /// <returns>Changes published; <see langword="null"/> when there are some that another instance publishes.</returns>
    private async Task<int?> PublishAsync(CancellationToken cancellationToken)
    {
        if (await database.FirstAsync<long>("SELECT COUNT(*) FROM (SELECT 1 FROM alerting_changes LIMIT 1) AS waiting", null, cancellationToken) == 0)
        {
            metrics.Unpublished(0);
            return 0;
        }
        if (!await mutexes.TryTakeAsync(Mutex, cancellationToken)) return null;
        var rows = await database.QueryAsync<(string AlertId, long Revision, string Tenant, string Payload)>(
            "SELECT alert_id, revision, tenant, payload FROM alerting_changes ORDER BY made_at, alert_id, revision LIMIT @BatchSize",
            new { BatchSize },
            cancellationToken);
        metrics.Unpublished(rows.Count);
        if (rows.Count > 0) FaultPoint.Reach(FaultPointNames.AlertingStateCommitted);
        var records = rows
            .Select(row => new LogRecord(PartitionKey.Create(row.Tenant, row.AlertId), Convert.FromBase64String(row.Payload)))
            .ToArray();
        if (records.Length > 0) await log.AppendAsync(Topics.Alerts, records, Memory<LogPosition>.Empty, cancellationToken);
        if (rows.Count > 0) FaultPoint.Reach(FaultPointNames.AlertingChangesPublished);
        await database.WriteAsync(
            async sql =>
            {
                foreach (var row in rows)
                    await sql.ExecuteAsync("DELETE FROM alerting_changes WHERE alert_id = @AlertId AND revision = @Revision", new { row.AlertId, row.Revision });
                await mutexes.GiveBackAsync(sql, Mutex);
                return rows.Count;
            },
            cancellationToken);
        metrics.Unpublished(0);
        return rows.Count;
    }
}
