using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Sqlite;
using Millrace.Hosting;
using Millrace.RealtimeGateway;

return await HostRunner.RunAsync(() =>
{
    var builder = MillraceHost.CreateBuilder(args, defaultPort: 8083);
    builder.Services
        .AddFasterLogAdapter(builder.Configuration)
        .AddSqliteAdapter(builder.Configuration)
        .AddRealtimeGateway(builder.Configuration);
    var app = builder.Build();
    app.MapMillraceOperations();
    app.MapRealtimeGateway();
    return app;
});
