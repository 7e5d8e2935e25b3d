using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Pipeline;
using Millrace.Ports.ClickHouse;
using Millrace.Ports.Objects;

namespace Millrace.Archiver.Health;

/// <summary>
/// ClickHouse answers and takes cuts. Once the schema stands, ClickHouse away is "degraded", not "unhealthy": events are taken and kept all the
/// same, so no traffic should be turned away for it.
/// </summary>
internal sealed class ClickHouseHealthCheck(IClickHouse clickHouse, SchemaWorker schema, SinkStatus status) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // A server that is starting makes its clients wait.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await clickHouse.PingAsync(limit.Token);
        }
        catch (Exception e) when (e is ClickHouseException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new HealthCheckResult(schema.IsReady ? HealthStatus.Degraded : HealthStatus.Unhealthy, "ClickHouse does not answer: " + e.Message);
        }

        if (!schema.IsReady) return HealthCheckResult.Unhealthy("The schema is not up to date yet.");
        return status.FailureOf("clickhouse") is { } failure
            ? HealthCheckResult.Degraded("Archiving is retried: " + failure)
            : HealthCheckResult.Healthy("ClickHouse answers.");
    }
}

/// <summary>The object store answers and takes cuts; see <see cref="ClickHouseHealthCheck"/> on "degraded".</summary>
internal sealed class ObjectStoreHealthCheck(IObjectStore store, SinkStatus status) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.HeadAsync("health", cancellationToken);
        }
        catch (ObjectStoreException e)
        {
            return HealthCheckResult.Degraded("The object store does not answer: " + e.Message);
        }

        return status.FailureOf("objects") is { } failure
            ? HealthCheckResult.Degraded("Archiving is retried: " + failure)
            : HealthCheckResult.Healthy("The object store answers.");
    }
}
