using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Testing;

namespace Millrace.Hosting.Tests;

/// <summary>A real host on a free port, with a real database, a clock that the test moves, and its log kept.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public const string Key = "bootstrap-key-of-the-tests";
    public const string SigningKey = "signing-key-of-the-tests-0123456789";
    private readonly TempDirectory? _owned;

    private TestHost(WebApplication app, ManualTimeProvider time, CapturedLog log, TempDirectory? owned)
    {
        (App, Time, Logged, _owned) = (app, time, log, owned);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Client = new HttpClient { BaseAddress = new Uri(address) };
    }

    public WebApplication App { get; }

    public ManualTimeProvider Time { get; }

    public CapturedLog Logged { get; }

    public HttpClient Client { get; }

    public static Dictionary<string, string?> Settings(string directory) => new()
    {
        ["Millrace:Metadata:File"] = Path.Combine(directory, "metadata.db"),
        ["Millrace:Http:Port"] = "0",
        ["Millrace:Bootstrap:Tenant"] = "acme",
        ["Millrace:Bootstrap:ApiKey"] = Key,
        ["Millrace:Auth:SigningKey"] = SigningKey,
    };

    public static async Task<TestHost> StartAsync(
        Action<Dictionary<string, string?>>? settings = null,
        Action<WebApplication>? map = null,
        Action<IServiceCollection>? services = null,
        string? directory = null,
        MetadataUnderTest? database = null)
    {
        database ??= new OnSqlite();
        await database.PrepareAsync();
        var owned = directory is null ? new TempDirectory() : null;
        var values = Settings(directory ?? owned!.Path);
        settings?.Invoke(values);
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        var log = new CapturedLog();
        var builder = MillraceHost.CreateBuilder([], 0, configuration => configuration.AddInMemoryCollection(values));
        database.Add(builder.Services, builder.Configuration);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Trace);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapMillraceOperations();
        foreach (var scope in new[] { Scopes.Ingest, Scopes.Read, Scopes.Write, Scopes.Admin })
        {
            app.MapGet("/" + ScopeNames.Format(scope), Describe).RequireScopes(scope);
            app.MapPost("/" + ScopeNames.Format(scope), Describe).RequireScopes(scope);
        }

        map?.Invoke(app);
        await app.StartAsync();
        return new TestHost(app, time, log, owned);
    }

    public string Token(
        string tenant = "acme", Scopes scopes = Scopes.None, IReadOnlyList<string>? roles = null, TimeSpan? lifetime = null) =>
        App.Services.GetRequiredService<ITokenIssuer>().Issue(tenant, "ann", scopes, roles ?? [], lifetime ?? TimeSpan.FromHours(1));

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? bearer = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (bearer is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bearer);
        return await SendAsync(request);
    }

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpRequestMessage request)
    {
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    public Task<(int Status, JsonElement Body)> GetAsync(string path, string? bearer = null) => SendAsync(HttpMethod.Get, path, bearer);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        _owned?.Dispose();
    }

    private static object Describe(HttpContext context)
    {
        var caller = context.GetCaller();
        return new { caller.Tenant, caller.Subject, scopes = ScopeNames.Format(caller.Scopes), caller.Roles, kind = caller.Kind.ToString() };
    }
}

/// <summary>Keeps every log line, exceptions included.</summary>
internal sealed class CapturedLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, EventId Id, string Text)> _lines = new();

    public IReadOnlyCollection<(LogLevel Level, EventId Id, string Text)> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        _lines.Enqueue((LogLevel.None, default, state.ToString() ?? ""));
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, eventId, formatter(state, exception) + exception));

    public void Dispose()
    {
    }
}
