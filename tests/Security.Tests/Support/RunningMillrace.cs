using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Hosting.Health;
using Millrace.Ports.ClickHouse;
using Millrace.Standalone;
using Millrace.Testing;
using Xunit;

namespace Millrace.Security.Tests.Support;

/// <summary>All of Millrace in this process, so that its endpoints and logs can be looked into; ClickHouse is the real child process.</summary>
public sealed class RunningMillrace : IAsyncLifetime
{
    /// <summary>The bootstrap key: every scope of the tenant alice.</summary>
    public const string AliceKey = "mk_alice_thebootstrapkeyofalice0123456789";

    /// <summary>Signs the tokens.</summary>
    public const string SigningKey = "the signing key of the security tests, 32 bytes and more";

    private readonly TempDirectory _data = new();

    internal WebApplication App { get; private set; } = null!;

    internal CapturedLogs Logs { get; } = new();

    internal Uri Url { get; private set; } = null!;

    internal Uri ClickHouse { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        App = StandaloneComposition.Build(new StandaloneArguments(0, 0, _data.Path, Demo: false), builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Millrace:Bootstrap:Tenant"] = "alice",
                ["Millrace:Bootstrap:ApiKey"] = AliceKey,
                ["Millrace:Auth:SigningKey"] = SigningKey,
                ["Millrace:Alerting:Webhooks:AllowPrivateAddresses"] = "true",
            });
            builder.Logging.ClearProviders().AddProvider(Logs).SetMinimumLevel(LogLevel.Trace);
        });
        await App.StartAsync();
        Url = new Uri(App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        ClickHouse = (await App.Services.GetRequiredService<ClickHouseLocator>()(CancellationToken.None)).Url;
        Http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(100) };
        var readiness = App.Services.GetRequiredService<ReadinessGate>();
        await Eventually.TrueAsync(() => readiness.IsReady, TimeSpan.FromSeconds(90), "Millrace is ready");
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (App is not null)
        {
            await App.StopAsync();
            await App.DisposeAsync();
        }

        _data.Dispose();
    }

    internal async Task<(int Status, string Body)> SendAsync(string method, string path, string? credential, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (credential is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        // An event stream does not end by itself: its beginning is enough.
        if (answer.Content.Headers.ContentType?.MediaType != "text/event-stream") return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(limit.Token));
        var first = new byte[64 * 1024];
        await using var stream = await answer.Content.ReadAsStreamAsync(limit.Token);
        return ((int)answer.StatusCode, Encoding.UTF8.GetString(first, 0, await stream.ReadAsync(first, limit.Token)));
    }

    internal async Task<JsonNode> OkAsync(string method, string path, string credential, string? body = null, string type = "application/json")
    {
        var (status, text) = await SendAsync(method, path, credential, body, type);
        Assert.True(status is >= 200 and < 300, $"{method} {path}: {status} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }
}

/// <summary>One Millrace for all tests of the project.</summary>
[CollectionDefinition(Name)]
public sealed class RunningCollection : ICollectionFixture<RunningMillrace>
{
    public const string Name = "one running Millrace";
}
