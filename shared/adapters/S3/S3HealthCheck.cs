using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>What the setup found out about the store. Thread-safe.</summary>
internal sealed class S3Status
{
    private volatile string? _problem = "The bucket has not been looked at yet.";

    /// <summary>What is wrong, or <see langword="null"/>.</summary>
    public string? Problem
    {
        get => _problem;
        set => _problem = value;
    }
}

/// <summary>The bucket answers, and keeps what the port promises.</summary>
internal sealed class S3HealthCheck(S3ObjectStore store, S3Status status) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            // Unlike a HEAD it has a body, which says what is wrong.
            await foreach (var _ in store.ListAsync("health", cancellationToken)) break;
        }
        catch (ObjectStoreException e)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, e.Message);
        }

        return status.Problem is { } problem
            ? new HealthCheckResult(context.Registration.FailureStatus, problem)
            : HealthCheckResult.Healthy("The bucket answers.");
    }
}
