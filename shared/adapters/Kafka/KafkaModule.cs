using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Adapters.Kafka.Native;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Health;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka;

/// <summary>Registers the event log on Kafka.</summary>
public static class KafkaModule
{
    private static readonly string[] _topics =
    [
        Contracts.Topics.Events, Contracts.Topics.DeadLetter, Contracts.Topics.Windows, Contracts.Topics.Late, Contracts.Topics.Alerts, Contracts.Topics.Publications,
        Contracts.Topics.Presence,
    ];

    /// <summary>
    /// Adds <see cref="IEventLog"/> over Kafka, its health check <c>event-log</c> and its meter <c>Millrace.EventLog</c>. Topics are created when the host
    /// starts, or as soon as the brokers answer.
    /// </summary>
    /// <exception cref="Millrace.Hosting.StartException">librdkafka is missing.</exception>
    public static IServiceCollection AddKafkaAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        Librdkafka.Load();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMillraceOptions<KafkaOptions, KafkaOptionsValidator>(configuration, KafkaOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KafkaOptions>, KafkaOptionsRules>());
        services.TryAddSingleton<KafkaMetrics>();
        services.TryAddSingleton(provider => Open(provider, provider.GetRequiredService<IOptions<KafkaOptions>>().Value));
        services.TryAddSingleton<IEventLog>(provider => provider.GetRequiredService<KafkaEventLog>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, KafkaStartup>());
        services.AddHealthChecks().AddCheck<KafkaHealthCheck>("event-log", tags: [HealthEndpoints.ReadyTag]);
        return services;
    }

    /// <summary>
    /// Adds a second <see cref="IEventLog"/>, keyed <see cref="EventLogNames.Inbound"/>, over the Kafka that programs outside Millrace produce to:
    /// that of <c>Millrace:Inbound:Kafka</c>, or else the one of <see cref="AddKafkaAdapter"/>, where that was added before. Without either, nothing.
    /// </summary>
    /// <exception cref="Millrace.Hosting.StartException">librdkafka is missing.</exception>
    public static IServiceCollection AddKafkaInbound(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddMillraceOptions<KafkaInboundOptions, KafkaInboundOptionsValidator>(configuration, KafkaInboundOptions.Section);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KafkaInboundOptions>, KafkaInboundOptionsRules>());
        var section = configuration.GetSection(OptionsExtensions.Root).GetSection(KafkaInboundOptions.Section).GetSection(nameof(KafkaInboundOptions.Kafka));
        if (!string.IsNullOrWhiteSpace(section[nameof(KafkaInboundConnection.BootstrapServers)]))
        {
            Librdkafka.Load();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<KafkaMetrics>();
            services.AddKeyedSingleton<IEventLog>(
                EventLogNames.Inbound, (provider, _) => Open(provider, provider.GetRequiredService<IOptions<KafkaInboundOptions>>().Value.Kafka.ToOptions()));
        }
        else if (services.Any(service => service.ServiceType == typeof(KafkaEventLog)))
        {
            services.AddKeyedSingleton<IEventLog>(
                EventLogNames.Inbound, (provider, _) => Open(provider, ForeignTopics(provider.GetRequiredService<IOptions<KafkaOptions>>().Value)));
        }

        return services;
    }

    /// <summary>The same cluster, where topics of others stand without our prefix.</summary>
    private static KafkaOptions ForeignTopics(KafkaOptions own)
    {
        var connection = new KafkaInboundConnection { BootstrapServers = own.BootstrapServers, InstanceId = own.InstanceId, SessionTimeout = own.SessionTimeout };
        foreach (var (name, value) in own.Client) connection.Client[name] = value;
        var options = connection.ToOptions();
        options.CreateTopics = own.CreateTopics;
        foreach (var (topic, settings) in own.Topics) options.Topics[topic] = settings;
        options.Partitions = own.Partitions;
        options.Replication = own.Replication;
        options.MaxAge = own.MaxAge;
        return options;
    }

    private static KafkaEventLog Open(IServiceProvider provider, KafkaOptions options) => KafkaEventLog.Open(
        options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<KafkaMetrics>(), provider.GetRequiredService<ILogger<KafkaEventLog>>());

    /// <summary>Creates the topics with the host, not with the first request; brokers that are away delay nothing but that.</summary>
    private sealed class KafkaStartup(KafkaEventLog log, ILogger<KafkaEventLog> logger) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            try
            {
                await log.EnsureTopicsAsync(_topics, stoppingToken);
            }
            catch (EventLogException e)
            {
                Log.TopicsNotReady(logger, e.Message);
            }
        }
    }
}
