using Dapper;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Health;

/// <summary>Healthy once every part that the readiness gate expects runs.</summary>
internal sealed class WorkersHealthCheck(ReadinessGate gate) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var parts = gate.Parts;
        var waiting = parts.Where(part => part.Value is not null).ToList();
        var data = parts.ToDictionary(part => part.Key, part => (object)(part.Value ?? "ready"), StringComparer.Ordinal);
        return Task.FromResult(waiting.Count == 0
            ? HealthCheckResult.Healthy($"{parts.Count} parts run.", data)
            : HealthCheckResult.Unhealthy("Not ready: " + string.Join(", ", waiting.Select(part => part.Key)) + ".", data: data));
    }
}

/// <summary>Healthy when the metadata database answers.</summary>
internal sealed class MetadataHealthCheck(IMetadataDatabase database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM tenants", cancellationToken: cancellationToken));
        return HealthCheckResult.Healthy("The metadata database answers.");
    }
}
