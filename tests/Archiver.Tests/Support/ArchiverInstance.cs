using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Archiver.Pipeline;
using Millrace.Hosting;
using Millrace.Hosting.Authentication;
using Millrace.Ports.ClickHouse;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Tests.Support;

/// <summary>One life of an archiver over stores that outlive it.</summary>
internal sealed class ArchiverInstance : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ArchiverInstance(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    /// <summary>The rules that it judges by.</summary>
    public RulesFollower Rules => Services.GetRequiredService<RulesFollower>();

    /// <summary>Starts one, with cuts that close fast unless told otherwise.</summary>
    public static Task<ArchiverInstance> StartAsync(
        Stores stores, IClickHouse clickHouse, IArchiverProbe? probe = null, params (string Key, string Value)[] settings) =>
        StartAsync(stores, stores.Log, clickHouse, probe, null, settings);

    /// <summary>Starts one with a ClickHouse behind a proxy.</summary>
    public static Task<ArchiverInstance> StartAsync(Stores stores, ClickHouseProxy proxy, params (string Key, string Value)[] settings) =>
        StartAsync(stores, stores.Log, proxy.Connect(), null, proxy.Locator, settings);

    /// <summary>Starts one that sees the log as a member of a group does, with a ClickHouse behind a proxy.</summary>
    public static Task<ArchiverInstance> StartAsync(Stores stores, IEventLog log, ClickHouseProxy proxy, params (string Key, string Value)[] settings) =>
        StartAsync(stores, log, proxy.Connect(), null, proxy.Locator, settings);

    /// <summary>Starts one that sees the log as a member of a group does.</summary>
    public static Task<ArchiverInstance> StartAsync(Stores stores, IEventLog log, IClickHouse clickHouse, IArchiverProbe? probe = null) =>
        StartAsync(stores, log, clickHouse, probe, null, []);

    private static async Task<ArchiverInstance> StartAsync(
        Stores stores, IEventLog log, IClickHouse clickHouse, IArchiverProbe? probe, ClickHouseLocator? locate, (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (Environment.GetEnvironmentVariable("MILLRACE_TEST_LOG") is not null) builder.Logging.AddConsole();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var all = new Dictionary<string, string?>
        {
            ["Millrace:Archiver:ClickHouse:MaxAge"] = "00:00:00.100",
            ["Millrace:Archiver:Objects:MaxAge"] = "00:00:00.200",
            // A part a test is no power loss.
            ["Millrace:Archiver:SyncParts"] = "false",
        };
        foreach (var (key, value) in settings) all["Millrace:Archiver:" + key] = value;
        builder.Configuration.AddInMemoryCollection(all);
        builder.Services.AddSingleton(log).AddSingleton(stores.Metadata).AddSingleton(stores.Objects).AddSingleton(clickHouse);
        if (locate is not null) builder.Services.AddSingleton(locate);
        if (probe is not null) builder.Services.AddSingleton(probe);
        builder.Services.AddMillraceHosting(builder.Configuration);
        builder.Services.AddArchiver(builder.Configuration);
        var app = builder.Build();
        app.MapMillraceOperations();
        app.MapArchiver();
        await app.StartAsync();
        return new ArchiverInstance(app);
    }

    /// <summary>A client of its API with a token of a tenant.</summary>
    public HttpClient Client(string tenant, Scopes scopes = Scopes.Read, params string[] roles)
    {
        var token = Services.GetRequiredService<ITokenIssuer>().Issue(tenant, "tester", scopes, roles, TimeSpan.FromHours(1));
        var client = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
