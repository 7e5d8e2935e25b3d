using Millrace.Adapters.ClickHouse;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.FileSystem;
using Millrace.Adapters.Kafka;
using Millrace.Adapters.Postgres;
using Millrace.Adapters.S3;
using Millrace.Adapters.Sqlite;
using Millrace.Archiver;
using Millrace.Hosting;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Resilience;

// The archiver as a program of its own; ClickHouse is the server of Millrace:ClickHouse:Url. Port 8085 unless Millrace:Http:Port says otherwise.
return await HostRunner.RunAsync(args, () =>
{
    var builder = MillraceHost.CreateBuilder(args, defaultPort: 8085);
    builder.AddAdapter("EventLog", ("fasterlog", FasterLogModule.AddFasterLogAdapter), ("kafka", KafkaModule.AddKafkaAdapter));
    builder.AddAdapter("Metadata", ("sqlite", SqliteModule.AddSqliteAdapter), ("postgres", PostgresModule.AddPostgresAdapter));
    builder.AddAdapter("Objects", ("files", FileSystemModule.AddFileSystemAdapter), ("s3", S3Module.AddS3Adapter));
    builder.Services.AddObjectRetries(builder.Configuration);
    builder.AddAdapter("ClickHouse", ("http", ClickHouseModule.AddClickHouseAdapter));
    builder.Services.AddClickHouseRetries(builder.Configuration);
    builder.Services.AddArchiver(builder.Configuration);
    var app = builder.Build();
    app.MapMillraceOperations();
    app.MapArchiver();
    return app;
});
