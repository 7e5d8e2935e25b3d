using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Kafka;
using Millrace.Adapters.MassTransit;
using Millrace.Adapters.Postgres;
using Millrace.Adapters.Sqlite;
using Millrace.Alerting;
using Millrace.Hosting;
using Millrace.Hosting.Configuration;

return await HostRunner.RunAsync(args, () =>
{
    var builder = MillraceHost.CreateBuilder(args, defaultPort: 8084);
    builder.AddAdapter("EventLog", ("fasterlog", FasterLogModule.AddFasterLogAdapter), ("kafka", KafkaModule.AddKafkaAdapter));
    builder.AddAdapter("Metadata", ("sqlite", SqliteModule.AddSqliteAdapter), ("postgres", PostgresModule.AddPostgresAdapter));
    builder.AddAdapter(
        "Notifications", ("memory", MassTransitModule.AddInMemoryNotifications), ("rabbitmq", MassTransitModule.AddRabbitMqNotifications));
    builder.Services.AddAlerting(builder.Configuration);
    var app = builder.Build();
    app.MapMillraceOperations();
    app.MapAlerting();
    return app;
});
