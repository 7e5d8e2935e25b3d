using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Bootstrap;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class TelemetryTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Export_collector_named_gets_traces_and_metrics_by_otlp()
    {
        await using var collector = await Collector.StartAsync();
        await using var host = await TestHost.StartAsync(settings =>
        {
            settings["Millrace:Telemetry:OtlpEndpoint"] = collector.Url;
            settings["Millrace:Telemetry:OtlpProtocol"] = "Http";
            settings["Millrace:Telemetry:OtlpHeaders"] = "api-key=collector-secret";
            settings["Millrace:Telemetry:OtlpInterval"] = "00:00:00.2";
            settings["Millrace:Telemetry:ServiceName"] = "millrace-under-test";
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/read");
        request.Headers.Add("X-API-Key", TestHost.Key);
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        Assert.Equal(200, (await host.SendAsync(request)).Status);

        await Eventually.TrueAsync(() => collector.Contains("/v1/traces", Convert.FromHexString("0af7651916cd43dd8448eb211c80319c")));
        await Eventually.TrueAsync(() => collector.Contains("/v1/metrics", Encoding.UTF8.GetBytes("millrace.auth.checks")));
        Assert.True(collector.Contains("/v1/traces", Encoding.UTF8.GetBytes("millrace-under-test")));
        Assert.Equal(["collector-secret"], collector.Keys);
    }

    [Fact]
    public async Task Export_no_collector_makes_no_activity_for_a_request()
    {
        await using var host = await TestHost.StartAsync(map: app =>
            app.MapGet("/activity", () => System.Diagnostics.Activity.Current?.Id ?? "none"));

        // The test host logs everything, which makes activities; what counts is the filter that a program gets.
        Assert.NotNull(await host.Client.GetStringAsync("/activity", Cancelled));
        var builder = MillraceHost.CreateBuilder([], 0);
        using var services = builder.Services.BuildServiceProvider();
        Assert.False(services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Critical));
    }

    [Fact]
    public async Task Log_at_its_finest_names_no_secret()
    {
        using var directory = new TempDirectory();
        var secrets = new List<string> { TestHost.Key, TestHost.SigningKey };
        await using var host = await TestHost.StartAsync(directory: directory.Path);
        var created = await host.App.Services.GetRequiredService<IApiKeyStore>().CreateAsync("acme", "k", Scopes.Read, "ann", Cancelled);
        var token = host.Token(scopes: Scopes.Read);
        secrets.AddRange([created!.ClearText, created.ClearText[^32..], token, token.Split('.')[2], "not-a-key-but-still-secret", "eyJhbGciOiJub25lIn0.e30.sig"]);
        foreach (var credential in secrets)
        {
            using var bearer = new HttpRequestMessage(HttpMethod.Get, "/read");
            bearer.Headers.TryAddWithoutValidation("Authorization", "Bearer " + credential);
            await host.SendAsync(bearer);
        }

        using var directory2 = new TempDirectory();
        await using var generated = await TestHost.StartAsync(
            settings =>
            {
                settings.Remove("Millrace:Bootstrap:ApiKey");
                settings.Remove("Millrace:Auth:SigningKey");
                settings["Millrace:Bootstrap:KeyFile"] = Path.Combine(directory2.Path, "key");
            },
            directory: directory2.Path);
        secrets.Add(generated.App.Services.GetRequiredService<BootstrapResult>().ApiKey!);

        foreach (var line in host.Logged.Lines.Concat(generated.Logged.Lines))
        {
            foreach (var secret in secrets)
                Assert.False(line.Text.Contains(secret, StringComparison.Ordinal), $"the log names a secret: {line.Text}");
        }

        Assert.NotEmpty(host.Logged.Lines);
        Assert.DoesNotContain(created.ClearText, $"{created}", StringComparison.Ordinal);
    }

    /// <summary>Takes OTLP over HTTP and keeps it.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly ConcurrentQueue<(string Path, byte[] Body, string Key)> _received;

        private Collector(WebApplication app, ConcurrentQueue<(string Path, byte[] Body, string Key)> received)
        {
            (_app, _received) = (app, received);
            Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        }

        public string Url { get; }

        public IEnumerable<string> Keys => _received.Select(one => one.Key).Distinct();

        public static async Task<Collector> StartAsync()
        {
            var received = new ConcurrentQueue<(string Path, byte[] Body, string Key)>();
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            app.Run(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                received.Enqueue((context.Request.Path, body.ToArray(), context.Request.Headers["api-key"].ToString()));
                context.Response.ContentType = "application/x-protobuf";
            });
            await app.StartAsync();
            return new Collector(app, received);
        }

        public bool Contains(string path, byte[] part) => _received.Any(one => one.Path == path && one.Body.AsSpan().IndexOf(part) >= 0);

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
