using Google.Protobuf;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Sqlite;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Hosting;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway;

namespace Millrace.RealtimeFanout;

/// <summary>The gateway as it runs, with windows coming in by the log.</summary>
internal static class Server
{
    public static async Task RunAsync(Arguments options)
    {
        var directory = Directory.CreateTempSubdirectory("millrace-fanout-").FullName;
        try
        {
            var builder = MillraceHost.CreateBuilder([], options.Port, configuration => configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Millrace:EventLog:Directory"] = Path.Combine(directory, "log"),
                ["Millrace:Metadata:File"] = Path.Combine(directory, "metadata.db"),
                ["Millrace:Bootstrap:Tenant"] = Arguments.Tenant,
                ["Millrace:Bootstrap:ApiKey"] = Arguments.ApiKey,
            }));
            builder.Logging.SetMinimumLevel(LogLevel.Warning);
            builder.Services
                .AddFasterLogAdapter(builder.Configuration)
                .AddSqliteAdapter(builder.Configuration)
                .AddRealtimeGateway(builder.Configuration);
            await using var app = builder.Build();
            app.MapMillraceOperations();
            app.MapRealtimeGateway();
            await app.StartAsync();
            Console.WriteLine($"pid {Environment.ProcessId}, port {options.Port}");
            await FeedAsync(app.Services.GetRequiredService<IEventLog>(), options, app.Lifetime.ApplicationStopping);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task FeedAsync(IEventLog log, Arguments options, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / (options.Rate * options.Channels)));
        var revision = 0L;
        for (var channel = 0; !cancellationToken.IsCancellationRequested; channel = (channel + 1) % options.Channels)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(cancellationToken)) return;
                var stream = $"s{channel}";
                var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
                var start = now / 1000 * 1000;
                var records = new LogRecord[options.Burst];
                for (var i = 0; i < records.Length; i++)
                {
                    var window = new Window
                    {
                        Tenant = Arguments.Tenant,
                        Stream = stream,
                        Type = $"t{i}",
                        WindowStartMs = start,
                        WindowEndMs = start + 1000,
                        Revision = ++revision,
                        UpdatedAtMs = now,
                        Count = (ulong)revision,
                        NewestEventAtMs = now,
                    };
                    records[i] = new LogRecord(PartitionKey.Create(Arguments.Tenant, stream), window.ToByteArray());
                }

                await log.AppendAsync(Topics.Windows, records, Memory<LogPosition>.Empty, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
