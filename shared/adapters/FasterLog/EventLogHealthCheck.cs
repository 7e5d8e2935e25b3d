using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Adapters.FasterLog;

/// <summary>Well while every topic takes appends.</summary>
internal sealed class EventLogHealthCheck(FasterEventLog log) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var troubled = log.Topics.Where(t => t.Trouble is not null).ToDictionary(t => t.Name, t => (object)t.Trouble!);
        return Task.FromResult(troubled.Count == 0
            ? HealthCheckResult.Healthy($"{log.Topics.Count} topics.")
            : HealthCheckResult.Unhealthy("Appends fail: " + string.Join(", ", troubled.Keys) + ".", data: troubled));
    }
}
