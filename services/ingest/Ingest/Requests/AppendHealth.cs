using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Hosting.Incidents;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Requests;

/// <summary>
/// Tells an operator that appends fail. Never decides readiness: a server that is sent no requests could not find out that the log is back.
/// </summary>
internal sealed class AppendHealth(InFlightBudget budget, IncidentLog incidents) : IHealthCheck
{
    private volatile EventLogException? _failure;

    /// <summary>The last append failed.</summary>
    public void Failed(EventLogException failure)
    {
        _failure = failure;
        incidents.Open(new IncidentReport("ingest", IncidentKinds.LogUnwritable, "", "", failure.Message));
    }

    /// <summary>The last append went well.</summary>
    public void Succeeded()
    {
        // A read of a shared line is free, a write is not.
        if (_failure is null) return;
        _failure = null;
        incidents.Close("ingest", IncidentKinds.LogUnwritable, "");
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["in_flight_bytes"] = budget.Used };
        return Task.FromResult(_failure is { } failure
            ? HealthCheckResult.Degraded("The last append failed: " + failure.Message, data: data)
            : HealthCheckResult.Healthy("Appends go well.", data));
    }
}
