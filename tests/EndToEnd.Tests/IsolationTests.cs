using System.Net;
using System.Text.Json;
using Millrace.EndToEnd.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>What one tenant sends, no other sees.</summary>
[Collection(SharedInstallationCollection.Name)]
public sealed class IsolationTests(SharedInstallation shared)
{
    [Theory]
    [InlineData("SELECT count() FROM events WHERE stream = 'secret'")]
    [InlineData("SELECT count() FROM millrace.events WHERE stream = 'secret'")]
    [InlineData("WITH e AS (SELECT * FROM events) SELECT count() FROM e WHERE tenant = 'alice'")]
    [InlineData("SELECT count() FROM (SELECT * FROM events UNION ALL SELECT * FROM millrace.events) WHERE tenant != 'bob'")]
    public async Task Query_of_another_tenant_finds_nothing(string sql)
    {
        using var alice = shared.Millrace.Client(Tokens.Valid("alice"));
        using var bob = shared.Millrace.Client(Tokens.Valid("bob"));
        using (var sent = await alice.IngestAsync([JsonSerializer.Serialize(new { stream = "secret", values = new { v = 1 } })])) Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        await Eventually.TrueAsync(async () => await CountAsync(alice, "SELECT count() FROM events WHERE stream = 'secret'") > 0, what: "Alice sees her event");
        Assert.Equal(0, await CountAsync(bob, sql));
    }

    [Theory]
    [InlineData("SELECT * FROM file('/etc/passwd', 'LineAsString')")]
    [InlineData("SELECT file('/etc/passwd')")]
    [InlineData("SELECT * FROM url('http://127.0.0.1/', 'LineAsString')")]
    [InlineData("INSERT INTO events (tenant, id) VALUES ('bob', 'x')")]
    [InlineData("DROP TABLE millrace.events")]
    [InlineData("SELECT 1; SELECT 2")]
    [InlineData("SELECT 1 INTO OUTFILE '/tmp/millrace-outfile'")]
    [InlineData("SELECT * FROM events SETTINGS readonly = 0")]
    [InlineData("SELECT * FROM merge('millrace', '.*')")]
    public async Task Query_that_reaches_out_is_refused(string sql)
    {
        using var bob = shared.Millrace.Client(Tokens.Valid("bob"));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => bob.SendAsync(HttpMethod.Post, "/api/v1/query", new { sql }));
        Assert.InRange((int)refused.StatusCode!, 400, 403);
        Assert.False(File.Exists("/tmp/millrace-outfile"));
    }

    [Fact]
    public async Task Credential_without_scope_or_past_its_time_is_refused()
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (credential, expected) in new[]
        {
            (Tokens.Mint("alice", "read", now.AddHours(1)), HttpStatusCode.Forbidden),
            (Tokens.Mint("alice", "ingest", now.AddHours(-1)), HttpStatusCode.Unauthorized),
            (Tokens.Mint("alice", "ingest", now.AddHours(1), "another key that is also 32 bytes long"), HttpStatusCode.Unauthorized),
            ("mk_nobody_0000000000000000", HttpStatusCode.Unauthorized),
        })
        {
            using var client = shared.Millrace.Client(credential);
            using var answer = await client.IngestAsync(["{\"stream\":\"s\"}"]);
            Assert.Equal(expected, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task ClickHouse_takes_the_tenants_key_and_no_other()
    {
        using var acme = shared.Millrace.Client();
        using (var sent = await acme.IngestAsync(["{\"stream\":\"bi\"}"])) Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        await Eventually.TrueAsync(async () => await acme.SqlAsync("SELECT count() FROM events WHERE stream = 'bi'") == "1", what: "the row in ClickHouse");
        using var wrong = shared.Millrace.Client("mk_nobody_0000000000000000");
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => wrong.SqlAsync("SELECT 1"));
        Assert.True(refused.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized);
        await Assert.ThrowsAsync<HttpRequestException>(() => acme.SqlAsync("SELECT 1", tenant: "alice"));
    }

    private static async Task<long> CountAsync(MillraceClient client, string sql) =>
        long.Parse((await client.SendAsync(HttpMethod.Post, "/api/v1/query", new { sql }))["data"]![0]![0]!.ToString());
}
