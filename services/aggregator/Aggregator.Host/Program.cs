using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Kafka;
using Millrace.Adapters.Postgres;
using Millrace.Adapters.Sqlite;
using Millrace.Aggregator;
using Millrace.Hosting;
using Millrace.Hosting.Configuration;

// The aggregator as a program of its own; port 8082 unless Millrace:Http:Port says otherwise.
return await HostRunner.RunAsync(args, () =>
{
    var builder = MillraceHost.CreateBuilder(args, defaultPort: 8082);
    builder.AddAdapter("EventLog", ("fasterlog", FasterLogModule.AddFasterLogAdapter), ("kafka", KafkaModule.AddKafkaAdapter));
    builder.AddAdapter("Metadata", ("sqlite", SqliteModule.AddSqliteAdapter), ("postgres", PostgresModule.AddPostgresAdapter));
    builder.Services.AddAggregator(builder.Configuration);
    var app = builder.Build();
    app.MapMillraceOperations();
    app.MapAggregator();
    return app;
});
