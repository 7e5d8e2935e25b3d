using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Adapters.ClickHouse;
using Millrace.Hosting.Resilience;
using Millrace.Ports.ClickHouse;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.EmbeddedClickHouse.Tests;

/// <summary>The client's ways to a server: several addresses, credentials from a file, certificates of one's own.</summary>
public sealed class ClientTests
{
    private const string Secret = "0123456789abcdef";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Query_with_the_first_server_away_is_answered_by_the_next()
    {
        await using var second = await StartAsync("http", "second");
        await using var services = Connect(
            [("ClickHouse:Url", Nowhere()), ("ClickHouse:Replicas:0", second.Urls.First()), ("ClickHouse:Secret", Secret)], retries: true);
        var client = services.GetRequiredService<IClickHouse>();

        Assert.Equal("second millrace", await ReadAsync(client));
        await client.PingAsync(Cancel);
    }

    [Fact]
    public async Task Query_of_a_replica_that_has_become_read_only_goes_to_the_next_time_after_time()
    {
        await using var first = await StartAsync("http", "first", failure: (500, "242"));
        await using var second = await StartAsync("http", "second");
        await using var services = Connect([("ClickHouse:Url", first.Urls.First()), ("ClickHouse:Replicas:0", second.Urls.First()), ("ClickHouse:Secret", Secret)]);
        var client = services.GetRequiredService<IClickHouse>();

        var failure = await Assert.ThrowsAsync<ClickHouseException>(() => ReadAsync(client));

        Assert.True(failure.Retryable);
        Assert.Equal("second millrace", await ReadAsync(client));
        Assert.Equal("second millrace", await ReadAsync(client));
    }

    [Fact]
    public async Task Query_over_https_trusts_the_authorities_of_a_file_alone()
    {
        using var directory = new TempDirectory();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(150));
        await File.WriteAllTextAsync(directory.File("ca.pem"), certificate.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(directory.File("secret"), $"  {Secret}from-a-file\n", Cancel);
        await using var server = await StartAsync("https", "tls", certificate: certificate);

        await using var trusting = Connect(
        [
            ("ClickHouse:Url", server.Urls.First()), ("ClickHouse:SecretFile", directory.File("secret")), ("ClickHouse:CertificateAuthorityFile", directory.File("ca.pem")),
        ]);
        Assert.Equal("tls millrace", await ReadAsync(trusting.GetRequiredService<IClickHouse>()));
        var locate = trusting.GetRequiredService<ClickHouseLocator>();
        Assert.Equal(Secret + "from-a-file", (await locate(Cancel)).Secret);

        await using var careful = Connect([("ClickHouse:Url", server.Urls.First()), ("ClickHouse:Secret", Secret)]);
        await Assert.ThrowsAsync<ClickHouseException>(() => ReadAsync(careful.GetRequiredService<IClickHouse>()));
    }

    [Theory]
    [InlineData("Millrace:ClickHouse:Secret and SecretFile are both set; only one may be.", "Url=http://a/", "Secret=0123456789abcdef", "SecretFile=/etc/hostname")]
    [InlineData("Millrace:ClickHouse:SecretFile: there is no file '/nowhere'.", "Url=http://a/", "SecretFile=/nowhere")]
    [InlineData("Millrace:ClickHouse:Secret must be set together with Millrace:ClickHouse:Url.", "Url=http://a/")]
    [InlineData("Millrace:ClickHouse:Url must be set together with Millrace:ClickHouse:Replicas.", "Replicas:0=http://a/")]
    [InlineData("Millrace:ClickHouse:Replicas 'ftp://b/' is not an http or https URL.", "Url=http://a/", "Replicas:0=ftp://b/", "Secret=0123456789abcdef")]
    public void Options_that_contradict_each_other_say_so(string error, params string[] settings)
    {
        using var services = Connect([.. settings.Select(setting => ("ClickHouse:" + setting.Split('=')[0], setting.Split('=')[1]))]);
        Assert.Equal(error, Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<ClickHouseOptions>>().Value).Message);
    }

    private static ServiceProvider Connect((string Key, string Value)[] settings, bool retries = false)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create("Millrace:" + setting.Key, (string?)setting.Value))).Build();
        var services = new ServiceCollection().AddLogging().AddClickHouseAdapter(configuration);
        return (retries ? services.AddClickHouseRetries(configuration) : services).BuildServiceProvider();
    }

    private static async Task<string> ReadAsync(IClickHouse client)
    {
        await using var rows = await client.QueryAsync(new ClickHouseQuery("SELECT 1"), Cancel);
        using var reader = new StreamReader(rows.Body);
        return await reader.ReadToEndAsync(Cancel);
    }

    // A port on which nothing listens.
    private static string Nowhere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}/";
    }

    private static async Task<WebApplication> StartAsync(
        string scheme, string text, (int Status, string Code)? failure = null, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (scheme == "https") listen.UseHttps(certificate!);
        }));
        var app = builder.Build();
        app.Run(async context =>
        {
            if (failure is { } failed)
            {
                context.Response.StatusCode = failed.Status;
                context.Response.Headers["X-ClickHouse-Exception-Code"] = failed.Code;
            }

            await context.Response.WriteAsync($"{text} {context.Request.Headers["X-ClickHouse-User"]}");
        });
        await app.StartAsync();
        return app;
    }
}
