using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.Aggregator.Pipeline;
using Millrace.Aggregator.Storage;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Rules;

namespace Millrace.Aggregator;

/// <summary>
/// The aggregator: turns events into windows. It needs adapters of <see cref="Ports.EventLog.IEventLog"/> and
/// <see cref="Ports.Metadata.IMetadataDatabase"/>, and Millrace's hosting.
/// </summary>
public static class AggregatorModule
{
    /// <summary>Adds the service; its options are <see cref="AggregatorOptions"/>.</summary>
    public static IServiceCollection AddAggregator(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMillraceOptions<AggregatorOptions, AggregatorOptionsValidator>(configuration, "Aggregator");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AggregatorOptions>, AggregatorOptionsRules>());
        services.AddMetrics();
        services.AddSingleton<AggregatorMetrics>();
        services.TryAddSingleton<IncidentLog>();
        services.AddSingleton<AggregatorIncidents>();
        services.AddSingleton<CheckpointStore>();
        services.TryAddSingleton<EventRulesStore>();
        services.AddSingleton<AggregatorPipeline>();
        services.AddHostedService<AggregatorWorker>();
        services.AddHostedService<RulesWatch>();
        return services;
    }

    /// <summary>Maps nothing: the aggregator speaks through the log alone.</summary>
    public static IEndpointRouteBuilder MapAggregator(this IEndpointRouteBuilder endpoints) => endpoints;
}
