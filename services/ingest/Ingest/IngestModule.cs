using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Hosting;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Configuration;
using Millrace.Ingest.Inbound;
using Millrace.Ingest.Intake;
using Millrace.Ingest.Letters;
using Millrace.Ingest.Overload;
using Millrace.Ingest.Quotas;
using Millrace.Ingest.Requests;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest;

/// <summary>The ingest service: takes events over HTTP, judges each, and puts them on the event log.</summary>
public static class IngestModule
{
    /// <summary>
    /// Adds the service. It needs Millrace's hosting and adapters of <see cref="Ports.EventLog.IEventLog"/> and
    /// <see cref="Ports.Metadata.IMetadataDatabase"/> beside it.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configuration">The whole configuration; the settings stand under <c>Millrace:Ingest</c> and <c>Millrace:Quotas</c>.</param>
    public static IServiceCollection AddIngest(this IServiceCollection services, IConfiguration configuration)
    {
        // Read once, when the first decoder is made.
        AppContext.SetSwitch(BodyBuffer.StrictDecoding, true);
        services.AddMillraceOptions<IngestOptions, IngestOptionsValidator>(configuration, "Ingest");
        services.AddMillraceOptions<QuotaOptions, QuotaOptionsValidator>(configuration, "Quotas");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<QuotaOptions>, TenantQuotaRules>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new InFlightBudget(provider.GetRequiredService<IOptions<IngestOptions>>().Value.MaxInFlightBytes));
        services.AddSingleton<Admission>();
        services.AddSingleton<IngestMetrics>();
        services.AddSingleton<TenantQuotas>();
        services.AddSingleton<AppendHealth>();
        services.AddSingleton<IngestEndpoint>();
        services.AddHostedService<IntakeMeter>();
        services.AddHostedService<OverloadWatch>();
        services.AddHostedService<BacklogWatch>();
        services.AddHealthChecks().AddCheck<AppendHealth>("ingest");
        services.AddLetters();
        return services.AddInbound(configuration);
    }

    /// <summary>One worker for each inbound topic, so that one that can't be read keeps no other.</summary>
    private static IServiceCollection AddInbound(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IngestOptions>, InboundRules>());
        var topics = configuration.GetSection($"{OptionsExtensions.Root}:Ingest:{nameof(IngestOptions.Inbound)}:{nameof(InboundOptions.Topics)}").GetChildren().Count();
        if (topics == 0) return services;
        services.AddSingleton<RecordJudge>();
        services.AddSingleton<InboundStatus>();
        services.AddSingleton<InboundTaker>();
        services.AddHealthChecks().AddCheck<InboundStatus>("ingest-inbound");
        for (var i = 0; i < topics; i++)
        {
            var index = i;
            services.AddSingleton<IHostedService>(provider => MakeInboundWorker(provider, index));
        }

        return services;
    }

    private static InboundWorker MakeInboundWorker(IServiceProvider provider, int index)
    {
        var topic = provider.GetRequiredService<IOptions<IngestOptions>>().Value.Inbound.Topics[index];
        var source = provider.GetKeyedService<IEventLog>(EventLogNames.Inbound)
            ?? throw new StartException(
                $"{OptionsExtensions.Root}:Ingest:Inbound names the topic '{topic.Name}', but no Kafka is configured to read it from: set {OptionsExtensions.Root}:Inbound:Kafka, or {OptionsExtensions.Root}:Adapters:EventLog to kafka.");
        return ActivatorUtilities.CreateInstance<InboundWorker>(provider, topic, source);
    }

    /// <summary>Maps <c>POST /ingest</c> and <c>/api/v1/dead-letters</c>.</summary>
    public static IEndpointRouteBuilder MapIngest(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var endpoint = endpoints.ServiceProvider.GetRequiredService<IngestEndpoint>();
        endpoints.MapPost("/ingest", endpoint.HandleAsync).RequireScopes(Scopes.Ingest);
        endpoints.MapLetters();
        return endpoints;
    }
}
