using System.Net;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The dashboard's files.</summary>
public sealed class DashboardTests
{
    [Fact]
    public async Task Files_are_served_with_protection_and_nothing_else_is_a_page()
    {
        using var files = new TempDirectory();
        Directory.CreateDirectory(files.File("assets"));
        await File.WriteAllTextAsync(files.File("index.html"), "<!doctype html><title>Millrace</title>");
        await File.WriteAllTextAsync(files.File("favicon.svg"), "<svg/>");
        await File.WriteAllTextAsync(files.File("assets", "app-1a2b.js"), "export {}");
        await using var server = await GatewayServer.StartAsync(("Gateway:Dashboard", files.Path));
        using var http = server.Http(null);

        using var page = await http.GetAsync("/");
        using var script = await http.GetAsync("/assets/app-1a2b.js");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/assets/app-1a2b.js");
        again.Headers.IfNoneMatch.Add(script.Headers.ETag!);

        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-cache", page.Headers.CacheControl!.ToString());
        Assert.Contains("script-src", "script-src " + page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("DENY", page.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("text/javascript", script.Content.Headers.ContentType!.MediaType);
        Assert.Contains("immutable", script.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotModified, (await http.SendAsync(again)).StatusCode);
        Assert.Equal("image/svg+xml", (await http.GetAsync("/favicon.svg")).Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/assets/other.js")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/v1/nothing")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/assets/..%2f..%2fmetadata.db")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.GetAsync("/api/v1/tokens")).StatusCode);
    }
}
