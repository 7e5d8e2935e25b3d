using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Millrace.Adapters.Sqlite;
using Millrace.ClickHouse.Embedded.Auth;
using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Http;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.Hosting;

namespace Millrace.ClickHouse.Embedded;

/// <summary>The program: starts the engine, serves it, stops it.</summary>
internal static class EmbeddedServer
{
    private static readonly TimeSpan _stopPatience = TimeSpan.FromSeconds(5);

    /// <summary>Runs until it is told to stop.</summary>
    /// <returns>The exit code: 0 stopped, 1 could not start, 2 wrong arguments.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var (options, error) = CommandLine.Parse(arguments, Environment.GetEnvironmentVariable(CommandLine.SecretVariable));
        Environment.SetEnvironmentVariable(CommandLine.SecretVariable, null);
        if (options is null) return Fail(2, error!);
        if (options.WatchesParent) ParentWatch.Start();
        try
        {
            using var directory = await DataDirectory.TakeAsync(options.DataDirectory, options.TemporaryDirectory, TimeProvider.System);
            if (directory is null) return Fail(1, $"clickhouse-embedded: the data directory {options.DataDirectory} is in use by another process");
            Directory.SetCurrentDirectory(directory.Empty);
            ChdbLibrary.Load(options.LibraryPath, options.DiskPatience);
            await ServeAsync(options, directory);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DllNotFoundException or BadImageFormatException or ChdbException)
        {
            return Fail(1, $"clickhouse-embedded: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static async Task ServeAsync(ServerOptions options, DataDirectory directory)
    {
        // Each statement blocks up to two threads; the pool must not ration them.
        ThreadPool.GetMinThreads(out _, out var completion);
        ThreadPool.SetMinThreads(2 * options.MaxQueries + Environment.ProcessorCount, completion);
        var engineOptions = new EngineOptions
        {
            StoreDirectory = directory.Store,
            ConfigurationDirectory = directory.Configuration,
            EmptyDirectory = directory.Empty,
            MaxMemoryBytes = options.MaxMemoryBytes,
            TenantLimits = options.TenantLimits,
        };
        var engine = new ChdbEngine(engineOptions);
        await using var app = Build(options, engineOptions, engine);
        await app.StartAsync();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Millrace.ClickHouse.Embedded");
        Log.Started(logger, engine.Version, directory.Path);
        await Console.Out.WriteLineAsync($"ready port={BoundPort(app)}");
        await app.WaitForShutdownAsync();
        app.Services.GetRequiredService<AdministratorSessions>().Dispose();
        if (!await Task.Run(engine.Dispose).WaitAsync(_stopPatience).ContinueWith(static t => t.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            Log.StopTimedOut(logger);
            LibC.ExitNow(0);
        }
        Log.Stopped(logger);
    }

    private static WebApplication Build(ServerOptions options, EngineOptions engineOptions, ChdbEngine engine)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = engineOptions.EmptyDirectory });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // What keeps the host from starting is told once, by the program.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.MaxWriteBufferSize = 2).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestLineSize = 1 << 20;
            kestrel.Limits.MaxRequestHeadersTotalSize = 64 << 10;
            kestrel.Listen(new IPEndPoint(options.ListenAddress, options.Port));
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _stopPatience);
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(options).AddSingleton(engineOptions).AddSingleton(engine)
            .AddSingleton(services => new Authenticator(options.Secret, services.GetRequiredService<ITenantKeyVerifier>()))
            .AddSingleton(new QueryAdmission(options.MaxQueries, options.MaxTenantsQueries, options.MaxQueriesOfATenant))
            .AddSingleton<AdministratorSessions>().AddSingleton<StatementRunner>().AddSingleton<InsertRunner>().AddSingleton<StatementHandler>().AddSingleton<ClickHouseEndpoint>();
        AddKeys(builder, options);
        var app = builder.Build();
        app.Run(app.Services.GetRequiredService<ClickHouseEndpoint>().HandleAsync);
        return app;
    }

    /// <summary>The metadata database belongs to the installation; this process only reads it.</summary>
    private static void AddKeys(WebApplicationBuilder builder, ServerOptions options)
    {
        if (options.MetadataPath is null)
        {
            builder.Services.AddSingleton<ITenantKeyVerifier, NoTenantKeys>();
            return;
        }
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Metadata:File"] = options.MetadataPath,
            ["Millrace:Metadata:ReadOnly"] = "true",
        });
        builder.Services.AddMillraceAuthentication(builder.Configuration).AddSqliteAdapter(builder.Configuration).AddSingleton<ITenantKeyVerifier, MetadataKeyVerifier>();
    }

    private static int BoundPort(WebApplication app) =>
        BindingAddress.Parse(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    private static int Fail(int code, string message)
    {
        Console.Error.WriteLine(message);
        return code;
    }
}
