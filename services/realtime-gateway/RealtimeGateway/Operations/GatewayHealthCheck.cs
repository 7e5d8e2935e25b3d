using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Operations;

/// <summary>What the gateway holds, for <c>/health</c>. Whether its readers run stands under <c>workers</c>.</summary>
internal sealed class GatewayHealthCheck(FanoutHub hub, ChannelRegistry registry, ChannelServices services) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>
        {
            ["connections"] = hub.Connections,
            ["channels"] = registry.All.Count(),
            ["windows"] = registry.WindowMemory.Count,
            ["window_bytes"] = registry.WindowMemory.Bytes,
            ["history_bytes"] = services.Histories.Bytes,
        };
        return Task.FromResult(hub.IsDraining
            ? HealthCheckResult.Degraded("draining", data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}
