using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The people's API.</summary>
public sealed class ApiTests : GatewayTest
{
    [Fact]
    public async Task Token_of_an_api_key_reads_and_nothing_else()
    {
        var answer = await PostAsync("/api/v1/tokens", new { ttl_seconds = 60 });

        var me = await GetAsync("/api/v1/me", (string)answer["token"]!);
        Assert.Equal("acme", (string)me["tenant"]!);
        Assert.Equal(["read"], me["scopes"]!.AsArray().Select(s => (string)s!));
        Assert.Equal("token", (string)me["kind"]!);
        Assert.Equal((string)answer["expires_at"]!, (string)me["expires_at"]!);
        Assert.InRange(DateTimeOffset.Parse((string)answer["expires_at"]!) - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Token_without_a_body_has_the_defaults()
    {
        using var http = Server.Http();

        using var answer = await http.PostAsync("/api/v1/tokens", null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Token_carries_channels_and_subject()
    {
        var answer = await PostAsync("/api/v1/tokens", new { channels = new[] { Alerts }, subject = "carol" });

        await using var client = await ConnectAsync((string)answer["token"]!);
        Assert.Equal(0, Code(await client.SubscribeAsync(Alerts)));
        Assert.Equal(103, Code(await client.SubscribeAsync(Metrics)));
        Assert.Equal("carol", (string)(await GetAsync("/api/v1/me", (string)answer["token"]!))["subject"]!);
    }

    [Theory]
    [InlineData("/api/v1/keys", """{"name":"a\u0000b","scopes":["read"]}""")]
    [InlineData("/api/v1/tokens", """{"subject":"a\u0000b"}""")]
    public async Task Text_with_a_nul_is_400(string path, string body)
    {
        using var http = Server.Http();

        using var answer = await http.PostAsync(path, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("""{"scopes":["admin"]}""", 403)]
    [InlineData("""{"subject":"somebody"}""", 403)]
    [InlineData("""{"channels":["tenant:acme:events:shop"]}""", 403)]
    [InlineData("""{"channels":["tenant:*"]}""", 403)]
    [InlineData("""{"channels":["tenant:acme:metrics:shop"]}""", 200)]
    [InlineData("""{"scopes":["nonsense"]}""", 400)]
    [InlineData("""{"ttl_seconds":0}""", 400)]
    [InlineData("""{"ttl_seconds":"x"}""", 400)]
    [InlineData("""[]""", 400)]
    [InlineData("""{""", 400)]
    public async Task Token_is_never_wider_than_its_makers_credential(string body, int status)
    {
        using var http = Server.Http(Server.Token(channels: ["tenant:acme:metrics:*"]));
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var answer = await http.PostAsync("/api/v1/tokens", content);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Token_does_not_outlive_its_makers_credential()
    {
        using var http = Server.Http(Server.Token(lifetime: TimeSpan.FromSeconds(30)));

        var answer = JsonNode.Parse(await (await http.PostAsJsonAsync("/api/v1/tokens", new { ttl_seconds = 3600 })).Content.ReadAsStringAsync())!;

        Assert.True(DateTimeOffset.Parse((string)answer["expires_at"]!) - TimeProvider.System.GetUtcNow() <= TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Keys_are_made_shown_once_listed_and_revoked()
    {
        var created = await PostAsync("/api/v1/keys", new { name = "producer", scopes = new[] { "ingest", "read" } }, HttpStatusCode.Created);
        var key = (string)created["key"]!;
        var id = (string)created["id"]!;
        Assert.Equal("acme", (string)(await GetAsync("/api/v1/me", key))["tenant"]!);

        var listed = (await GetAsync("/api/v1/keys"))["items"]!.AsArray().Single(k => (string)k!["id"]! == id)!;
        Assert.Equal(["ingest", "read"], listed["scopes"]!.AsArray().Select(s => (string)s!));
        Assert.Null(listed["key"]);
        using var http = Server.Http();
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync("/api/v1/keys/" + id)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.DeleteAsync("/api/v1/keys/" + id)).StatusCode);
        Assert.NotNull((await GetAsync("/api/v1/keys"))["items"]!.AsArray().Single(k => (string)k!["id"]! == id)!["revoked_at"]);
    }

    [Fact]
    public async Task Keys_need_admin_and_are_not_wider_than_their_maker()
    {
        using var viewer = Server.Http(Server.Token());
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.GetAsync("/api/v1/keys")).StatusCode);
        using var admin = Server.Http(Server.Token(scopes: Scopes.Admin));

        Assert.Equal(HttpStatusCode.Forbidden, (await admin.PostAsJsonAsync("/api/v1/keys", new { name = "x", scopes = new[] { "ingest" } })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsJsonAsync("/api/v1/keys", new { name = "x", scopes = new[] { "all" } })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PostAsJsonAsync("/api/v1/keys", new { scopes = new[] { "admin" } })).StatusCode);
    }

    [Fact]
    public async Task Streams_lists_the_tenants_own()
    {
        await Writer.PutAsync(LogWriter.Window(1, 1), LogWriter.Window(1, 1, stream: "sensors"), LogWriter.Window(1, 1, tenant: "other", stream: "secret"));
        await WindowsSeenAsync(1, "sensors");

        Assert.Equal(["sensors", "shop"], (await GetAsync("/api/v1/streams"))["items"]!.AsArray().Select(s => (string)s!["stream"]!));
    }

    [Fact]
    public async Task Everything_needs_a_credential()
    {
        using var http = Server.Http(null);

        foreach (var path in new[] { "/api/v1/me", "/api/v1/streams", "/api/v1/windows?stream=shop", "/api/v1/ledger", "/api/v1/keys", "/ws?stream=shop", "/sse?stream=shop" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.PostAsync("/api/v1/tokens", null)).StatusCode);
    }

    [Fact]
    public async Task Page_says_that_the_dashboard_is_not_built()
    {
        using var http = Server.Http(null);

        using var answer = await http.GetAsync("/");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("not been built", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("default-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    private async Task<JsonNode> PostAsync(string path, object body, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var http = Server.Http();
        using var answer = await http.PostAsJsonAsync(path, body);
        Assert.Equal(status, answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }
}
