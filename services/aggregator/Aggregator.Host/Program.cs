using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Sqlite;
using Millrace.Aggregator;
using Millrace.Hosting;

// The aggregator as a program of its own, on the embedded adapters; port 8082 unless Millrace:Http:Port says otherwise.
return await HostRunner.RunAsync(() =>
{
    var builder = MillraceHost.CreateBuilder(args, defaultPort: 8082);
    builder.Services.AddFasterLogAdapter(builder.Configuration);
    builder.Services.AddSqliteAdapter(builder.Configuration);
    builder.Services.AddAggregator(builder.Configuration);
    var app = builder.Build();
    app.MapMillraceOperations();
    app.MapAggregator();
    return app;
});
