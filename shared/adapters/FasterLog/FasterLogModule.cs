using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Health;
using Millrace.Hosting.Incidents;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog;

/// <summary>Registers the embedded event log.</summary>
public static class FasterLogModule
{
    /// <summary>
    /// Adds <see cref="IEventLog"/> over files of this machine, its health check <c>event-log</c> and its meter <c>Millrace.EventLog</c>.
    /// The directory is taken when the host starts: when another process has it, the start fails and says so.
    /// </summary>
    public static IServiceCollection AddFasterLogAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMillraceOptions<EventLogOptions, EventLogOptionsValidator>(configuration, EventLogOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EventLogOptions>, EventLogOptionsRules>());
        services.TryAddSingleton<EventLogMetrics>();
        services.TryAddSingleton(provider => FasterEventLog.Open(
            provider.GetRequiredService<IOptions<EventLogOptions>>().Value, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<EventLogMetrics>(), provider.GetRequiredService<ILogger<FasterEventLog>>(), incidents: provider.GetService<IncidentLog>()));
        services.TryAddSingleton<IEventLog>(provider => provider.GetRequiredService<FasterEventLog>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EventLogStartup>());
        services.AddHealthChecks().AddCheck<EventLogHealthCheck>("event-log", tags: [HealthEndpoints.ReadyTag]);
        return services;
    }

    /// <summary>Opens the log with the host, not with the first request.</summary>
    private sealed class EventLogStartup(IServiceProvider provider) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            provider.GetRequiredService<FasterEventLog>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
