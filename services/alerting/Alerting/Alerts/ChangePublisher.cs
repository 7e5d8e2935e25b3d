using Microsoft.Extensions.Logging;
using Millrace.Alerting.Storage;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Alerts;

/// <summary>
/// Carries changes from their outbox to <c>millrace.alerts</c>, those of an alert in order. A crash between append and mark repeats a record, which
/// readers recognise by alert and revision.
/// </summary>
internal sealed class ChangePublisher(
    AlertingDatabase database,
    IEventLog log,
    AlertingSignals signals,
    AlertingMetrics metrics,
    TimeProvider time,
    ReadinessGate readiness,
    ILogger<ChangePublisher> logger) : Worker(time, logger, readiness)
{
    private const int BatchSize = 500;

    // Another instance on the same database may have left changes behind.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public override string Name => "alerting.changes";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await PublishAsync(cancellationToken) < BatchSize) await signals.Changes.WaitAsync(LookAgain, Time, cancellationToken);
        }
    }

    private async Task<int> PublishAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<(string AlertId, long Revision, string Tenant, string Payload)>(
            "SELECT alert_id, revision, tenant, payload FROM alerting_changes ORDER BY made_at, alert_id, revision LIMIT @BatchSize",
            new { BatchSize },
            cancellationToken);
        metrics.Unpublished(rows.Count);
        if (rows.Count == 0) return 0;
        var records = rows
            .Select(row => new LogRecord(PartitionKey.Create(row.Tenant, row.AlertId), Convert.FromBase64String(row.Payload)))
            .ToArray();
        await log.AppendAsync(Topics.Alerts, records, Memory<LogPosition>.Empty, cancellationToken);
        await database.WriteAsync(
            sql => sql.ExecuteAsync(
                "DELETE FROM alerting_changes WHERE alert_id = @AlertId AND revision = @Revision", rows.Select(row => new { row.AlertId, row.Revision })),
            cancellationToken);
        metrics.Unpublished(0);
        return rows.Count;
    }
}
