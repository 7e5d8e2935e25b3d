using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Kafka;
using Millrace.Adapters.Postgres;
using Millrace.Adapters.Sqlite;
using Millrace.Hosting;
using Millrace.Hosting.Configuration;
using Millrace.RealtimeGateway;

return await HostRunner.RunAsync(args, () =>
{
    var builder = MillraceHost.CreateBuilder(args, defaultPort: 8083);
    builder.AddAdapter("EventLog", ("fasterlog", FasterLogModule.AddFasterLogAdapter), ("kafka", KafkaModule.AddKafkaAdapter));
    builder.AddAdapter("Metadata", ("sqlite", SqliteModule.AddSqliteAdapter), ("postgres", PostgresModule.AddPostgresAdapter));
    builder.Services.AddRealtimeGateway(builder.Configuration);
    var app = builder.Build();
    app.MapMillraceOperations();
    app.MapRealtimeGateway();
    return app;
});
