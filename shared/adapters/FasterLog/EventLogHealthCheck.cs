using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Adapters.FasterLog;

/// <summary>Well while every topic takes appends; degraded while damage that was met since the start stands in one.</summary>
internal sealed class EventLogHealthCheck(FasterEventLog log) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var troubled = log.Topics.Where(t => t.Trouble is not null).ToDictionary(t => t.Name, t => (object)t.Trouble!);
        if (troubled.Count > 0)
            return Task.FromResult(HealthCheckResult.Unhealthy("Appends fail: " + string.Join(", ", troubled.Keys) + ".", data: troubled));
        var damaged = log.Topics.Where(t => t.Damages.Count > 0)
            .ToDictionary(t => t.Name, t => (object)string.Join("; ", t.Damages.Select(damage => "lost: " + damage.Lost)));
        return Task.FromResult(damaged.Count > 0
            ? HealthCheckResult.Degraded("Damaged: " + string.Join(", ", damaged.Keys) + ".", data: damaged)
            : HealthCheckResult.Healthy($"{log.Topics.Count} topics."));
    }
}
