using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Sqlite;
using Millrace.Hosting;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Health;
using Millrace.Ports.EventLog;
using Millrace.Testing;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>A gateway on a real Kestrel with the real embedded adapters in a directory of its own.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    public const string Tenant = "acme";
    public const string ApiKey = "bootstrap-key-of-the-tests";
    private const string SigningKey = "a signing key for tests that is long enough";

    private readonly TempDirectory _directory;
    private readonly Dictionary<string, string?> _settings;
    private WebApplication _app;

    private GatewayServer(TempDirectory directory, Dictionary<string, string?> settings, WebApplication app)
    {
        _directory = directory;
        _settings = settings;
        _app = app;
        Writer = new LogWriter(() => Log);
    }

    public Uri Address => AddressOf(_app);

    public IEventLog Log => Get<IEventLog>();

    /// <summary>Puts windows, events and alerts straight onto the log.</summary>
    public LogWriter Writer { get; }

    public static async Task<GatewayServer> StartAsync(params (string Key, string Value)[] settings)
    {
        var directory = new TempDirectory();
        var all = new Dictionary<string, string?>
        {
            ["Millrace:Http:Port"] = "0",
            ["Millrace:EventLog:Directory"] = directory.File("log"),
            ["Millrace:Metadata:File"] = directory.File("metadata.db"),
            ["Millrace:Auth:SigningKey"] = SigningKey,
            ["Millrace:Auth:ClockSkew"] = "00:00:00",
            ["Millrace:Bootstrap:Tenant"] = Tenant,
            ["Millrace:Bootstrap:ApiKey"] = ApiKey,
            ["Millrace:Gateway:Dashboard"] = directory.File("wwwroot"),
        };
        foreach (var (key, value) in settings) all[key.StartsWith("Kestrel:", StringComparison.Ordinal) ? key : "Millrace:" + key] = value;
        return new GatewayServer(directory, all, await RunAsync(all));
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>A token; by default of a viewer of the tenant, good for a minute.</summary>
    public string Token(
        string tenant = Tenant, string subject = "ada", Scopes scopes = Scopes.Read, string[]? roles = null, TimeSpan? lifetime = null, string[]? channels = null) =>
        Get<ITokenIssuer>().Issue(tenant, subject, scopes, roles ?? [], lifetime ?? TimeSpan.FromMinutes(1), channels);

    /// <summary>A token with any claims, signed with the server's key (HS256).</summary>
    public static string Sign(object claims)
    {
        var text = $"{Part("""{"alg":"HS256","typ":"JWT"}"""u8)}.{Part(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(claims))}";
        return $"{text}.{Part(System.Security.Cryptography.HMACSHA256.HashData(System.Text.Encoding.ASCII.GetBytes(SigningKey), System.Text.Encoding.ASCII.GetBytes(text)))}";

        static string Part(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    /// <summary>A token whose time is over.</summary>
    public async Task<string> ExpiredTokenAsync()
    {
        var token = Token(lifetime: TimeSpan.FromSeconds(1));
        var authenticator = Get<ICallerAuthenticator>();
        await Eventually.TrueAsync(async () => (await authenticator.AuthenticateAsync(token, default)).Outcome == AuthenticationOutcome.Expired);
        return token;
    }

    public HttpClient Http(string? credential = ApiKey)
    {
        var http = new HttpClient { BaseAddress = Address };
        if (credential is not null) http.DefaultRequestHeaders.Authorization = new("Bearer", credential);
        return http;
    }

    /// <summary>Stops it and starts it again over the same files, at the same port.</summary>
    public async Task RestartAsync()
    {
        var port = Address.Port;
        await StopAsync();
        _settings["Millrace:Http:Port"] = port.ToString();
        _app = await RunAsync(_settings);
    }

    public async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public WebApplication App => _app;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    /// <summary>A further gateway on the same log and database, at an address of its own.</summary>
    /// <param name="log">The log as that one has it; none for the same.</param>
    /// <param name="more">Settings that only that one has.</param>
    public async Task<WebApplication> StartBesideAsync(IEventLog? log = null, params (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>(_settings) { ["Millrace:Http:Port"] = "0" };
        foreach (var (key, value) in more) settings[key] = value;
        return await RunAsync(settings, log ?? Log);
    }

    public static Uri AddressOf(WebApplication app) => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    private static async Task<WebApplication> RunAsync(Dictionary<string, string?> settings, IEventLog? log = null)
    {
        var builder = MillraceHost.CreateBuilder([], 0, configuration => configuration.AddInMemoryCollection(settings));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        if (log is null) builder.Services.AddFasterLogAdapter(builder.Configuration);
        else builder.Services.AddSingleton(log);
        builder.Services
            .AddSqliteAdapter(builder.Configuration)
            .AddRealtimeGateway(builder.Configuration);
        var app = builder.Build();
        app.MapMillraceOperations();
        app.MapRealtimeGateway();
        await app.StartAsync();
        var readiness = app.Services.GetRequiredService<ReadinessGate>();
        await Eventually.TrueAsync(() => readiness.IsReady);
        return app;
    }
}
