using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Adapters.MassTransit;

/// <summary>Whether the bus is connected and takes commands; what is wrong in the words of the innermost failure, which MassTransit's own check hides.</summary>
internal sealed class NotificationBusHealthCheck(IBusControl bus, IBusTransport transport) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var health = bus.CheckHealth();
        if (health.Status == BusHealthStatus.Healthy) return Task.FromResult(HealthCheckResult.Healthy($"The notification bus ({transport.Name}) runs."));
        var failure = BusFailure.Of(health);
        var description = failure is null ? $"The notification bus ({transport.Name}) is not connected." : $"The notification bus ({transport.Name}): {failure}";
        return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, description));
    }
}
