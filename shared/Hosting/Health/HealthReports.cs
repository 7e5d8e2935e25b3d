using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Hosting.Health;

/// <summary>Runs the checks at most once a second, however often anybody asks: the paths are open to everyone.</summary>
internal sealed class HealthReports(HealthCheckService checks, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);
    private readonly Slot _ready = new(checks, time, registration => registration.Tags.Contains(HealthEndpoints.ReadyTag));
    private readonly Slot _serving = new(checks, time, registration => registration.Tags.Contains(HealthEndpoints.ServingTag));
    private readonly Slot _all = new(checks, time, null);

    public Task<HealthReport> ReadyAsync(CancellationToken cancellationToken) => _ready.GetAsync().WaitAsync(cancellationToken);

    public Task<HealthReport> ServingAsync(CancellationToken cancellationToken) => _serving.GetAsync().WaitAsync(cancellationToken);

    public Task<HealthReport> AllAsync(CancellationToken cancellationToken) => _all.GetAsync().WaitAsync(cancellationToken);

    private sealed class Slot(HealthCheckService checks, TimeProvider time, Func<HealthCheckRegistration, bool>? predicate)
    {
        private readonly Lock _gate = new();
        private Task<HealthReport>? _report;
        private long _started;

        public Task<HealthReport> GetAsync()
        {
            lock (_gate)
            {
                // What is not well is looked at anew each time: whoever waits for a start must not wait a second longer.
                var usable = _report is { IsCompleted: false }
                    || (_report is { IsCompletedSuccessfully: true, Result.Status: HealthStatus.Healthy } && time.GetElapsedTime(_started) < Lifetime);
                if (!usable)
                {
                    _started = time.GetTimestamp();
                    // Belongs to everyone who asks, so it ends with none of them.
                    _report = checks.CheckHealthAsync(predicate, CancellationToken.None);
                }

                return _report!;
            }
        }
    }
}
