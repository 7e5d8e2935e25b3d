using Millrace.Adapters.ClickHouse;
using Millrace.Adapters.EmbeddedClickHouse;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.FileSystem;
using Millrace.Adapters.Kafka;
using Millrace.Adapters.MassTransit;
using Millrace.Adapters.Sqlite;
using Millrace.Aggregator;
using Millrace.Alerting;
using Millrace.Archiver;
using Millrace.Hosting;
using Millrace.Hosting.Resilience;
using Millrace.Ingest;
using Millrace.RealtimeGateway;
using Millrace.Standalone.Demo;

namespace Millrace.Standalone;

/// <summary>The five services in one process, on the embedded adapters.</summary>
internal static class StandaloneComposition
{
    /// <summary>Builds it.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="configure">Settings and services of somebody who runs it within a program of theirs.</param>
    public static WebApplication Build(StandaloneArguments arguments, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = MillraceHost.CreateBuilder([], arguments.Port, configuration => configuration.AddInMemoryCollection(Settings(arguments)));
        configure?.Invoke(builder);
        var configuration = builder.Configuration;
        builder.Services
            .AddFasterLogAdapter(configuration)
            .AddSqliteAdapter(configuration)
            .AddFileSystemAdapter(configuration)
            .AddInMemoryNotifications(configuration)
            .AddEmbeddedClickHouseAdapter(configuration)
            .AddClickHouseAdapter(configuration)
            .AddClickHouseRetries(configuration)
            .AddKafkaInbound(configuration)
            .AddIngest(configuration)
            .AddAggregator(configuration)
            .AddRealtimeGateway(configuration)
            .AddAlerting(configuration)
            .AddArchiver(configuration)
            .AddSingleton(arguments)
            .AddSingleton<DemoTarget>()
            .AddHostedService<Announcer>();
        if (arguments.Demo) builder.Services.AddHttpClient().AddHostedService<DemoFeed>();

        var app = builder.Build();
        app.MapMillraceOperations();
        app.MapIngest().MapAggregator().MapRealtimeGateway().MapAlerting().MapArchiver();
        return app;
    }

    // Everything that is kept stands below one directory.
    private static Dictionary<string, string?> Settings(StandaloneArguments arguments)
    {
        var metadata = Path.Combine(arguments.Data, "metadata.db");
        return new Dictionary<string, string?>
        {
            ["Millrace:Http:Port"] = $"{arguments.Port}",
            ["Millrace:EventLog:Directory"] = Path.Combine(arguments.Data, "log"),
            ["Millrace:Metadata:File"] = metadata,
            ["Millrace:Objects:Directory"] = Path.Combine(arguments.Data, "objects"),
            ["Millrace:Bootstrap:KeyFile"] = Path.Combine(arguments.Data, "bootstrap-key"),
            ["Millrace:EmbeddedClickHouse:Directory"] = Path.Combine(arguments.Data, "clickhouse"),
            ["Millrace:EmbeddedClickHouse:Port"] = $"{arguments.ClickHousePort}",
            ["Millrace:EmbeddedClickHouse:MetadataFile"] = metadata,
        };
    }
}
