using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka;

/// <summary>Well while the brokers answer.</summary>
internal sealed class KafkaHealthCheck(KafkaEventLog log) : IHealthCheck
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(3);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var brokers = await log.CountBrokersAsync(_timeout, cancellationToken);
            return HealthCheckResult.Healthy($"{brokers} brokers.");
        }
        catch (EventLogException e)
        {
            return HealthCheckResult.Unhealthy("Kafka does not answer.", e);
        }
    }
}
