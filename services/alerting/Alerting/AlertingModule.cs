using System.Globalization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Alerts;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Notifications;
using Millrace.Alerting.Replays;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Alerting.Storage;
using Millrace.Hosting.Configuration;
using Millrace.Ports.Notifications;

namespace Millrace.Alerting;

/// <summary>
/// The alerting service: evaluates rules on windows, keeps alerts, notifies. It needs adapters of <see cref="Ports.EventLog.IEventLog"/>,
/// <see cref="Ports.Metadata.IMetadataDatabase"/> and <see cref="INotificationBus"/>, and Millrace's hosting.
/// </summary>
public static class AlertingModule
{
    /// <summary>Adds the service; its options are in <see cref="AlertingOptions.Section"/>.</summary>
    public static IServiceCollection AddAlerting(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMillraceOptions<AlertingOptions, AlertingOptionsValidator>(configuration, "Alerting");
        services.PostConfigure<AlertingOptions>(options => FollowAggregator(options, configuration));
        services.AddMetrics();
        services.AddSingleton<AlertingMetrics>();
        services.AddSingleton<AlertingSignals>();
        services.AddSingleton<AlertingDatabase>();
        AddAll<IRuleKind>(services);
        AddAll<INotificationChannel>(services);
        services.AddSingleton<RuleParser>();
        services.AddSingleton<RuleStore>();
        services.AddSingleton<RuleCatalog>();
        services.AddSingleton<RuleEndpoints>();
        services.AddSingleton<RuleReplayer>();
        services.AddSingleton<RuleReplayEndpoint>();
        services.AddSingleton<EvaluationStore>();
        services.AddSingleton<AlertStore>();
        services.AddSingleton<AlertEndpoints>();
        services.AddSingleton<NotificationOutbox>();
        services.AddSingleton<DeliveryStore>();
        services.AddSingleton<DeliveryLog>();
        services.AddSingleton<DeliveryEndpoints>();
        services.AddSingleton<ReceiverStore>();
        services.AddSingleton<ReceiverEndpoints>();
        services.AddSingleton<INotificationHandler, NotificationHandler>();
        services.AddSingleton<InstanceHeartbeat>();
        services.AddSingleton<Mutexes>();
        // Stopped in the reverse order: the heartbeat outlives what depends on it.
        services.AddHostedService(provider => provider.GetRequiredService<InstanceHeartbeat>());
        services.AddHostedService(provider => provider.GetRequiredService<RuleCatalog>());
        services.AddHostedService<EvaluationWorker>();
        services.AddHostedService<ChangePublisher>();
        services.AddHostedService<SnoozeWorker>();
        services.AddHostedService<DeliveryWorker>();
        services.AddHostedService<Housekeeping>();
        return services;
    }

    /// <summary>Maps <c>/api/v1/rules</c>, <c>/api/v1/alerts</c>, <c>/api/v1/receivers</c> and <c>/api/v1/deliveries</c>.</summary>
    public static IEndpointRouteBuilder MapAlerting(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        services.GetRequiredService<RuleEndpoints>().Map(endpoints);
        services.GetRequiredService<RuleReplayEndpoint>().Map(endpoints);
        services.GetRequiredService<AlertEndpoints>().Map(endpoints);
        services.GetRequiredService<ReceiverEndpoints>().Map(endpoints);
        services.GetRequiredService<DeliveryEndpoints>().Map(endpoints);
        return endpoints;
    }

    // Services may share one set of settings: what the aggregator makes need not be said twice.
    private static void FollowAggregator(AlertingOptions options, IConfiguration configuration)
    {
        if (options.WindowSizes.Count > 0) return;
        foreach (var size in configuration.GetSection(AlertingOptions.AggregatorWindowSizes).GetChildren())
        {
            // What is no duration is the aggregator's to report.
            if (TimeSpan.TryParse(size.Value, CultureInfo.InvariantCulture, out var value)) options.WindowSizes.Add(value);
        }
    }

    // Every class of this assembly that fills the role, so that a new one is one file.
    private static void AddAll<TRole>(IServiceCollection services)
        where TRole : class
    {
        foreach (var type in typeof(AlertingModule).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false }))
        {
            if (type.IsAssignableTo(typeof(TRole))) services.AddSingleton(typeof(TRole), type);
        }
    }
}
