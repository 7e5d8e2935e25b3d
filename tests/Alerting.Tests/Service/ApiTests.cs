using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Notifications;
using Millrace.Alerting.Tests.Support;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

/// <summary>Rules and receivers over HTTP, and who may do what.</summary>
public abstract class ApiTests(ApiTests.Shared shared)
{
    private const string Condition = "\"condition\":{\"value\":\"count\",\"op\":\">\",\"threshold\":5}";

    private Installation Millrace => shared.Millrace;

    [Fact]
    public async Task Rule_is_made_read_changed_and_deleted()
    {
        using var made = await SendAsync(HttpMethod.Post, "/api/v1/rules", Rule("crud"));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal("/api/v1/rules/crud", made.Headers.Location?.ToString());
        Assert.Equal("\"1\"", made.Headers.ETag?.Tag);

        using var read = await Millrace.Client.GetAsync("/api/v1/rules/crud");
        var rule = await BodyAsync(read);
        Assert.Equal(("crud", "rule crud", 1L), ((string?)rule["id"], (string?)rule["name"], (long)rule["revision"]!));

        rule["severity"] = "critical";
        using var changed = await SendAsync(HttpMethod.Put, "/api/v1/rules/crud", rule.ToJsonString(), ifMatch: "\"1\"");
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal("\"2\"", changed.Headers.ETag?.Tag);
        Assert.Equal("critical", (string?)(await BodyAsync(changed))["severity"]);

        using var stale = await SendAsync(HttpMethod.Put, "/api/v1/rules/crud", rule.ToJsonString(), ifMatch: "\"1\"");
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        using var staleBody = await SendAsync(HttpMethod.Put, "/api/v1/rules/crud", rule.ToJsonString());
        Assert.Equal(HttpStatusCode.Conflict, staleBody.StatusCode);
        using var staleDelete = await SendAsync(HttpMethod.Delete, "/api/v1/rules/crud", ifMatch: "\"1\"");
        Assert.Equal(HttpStatusCode.PreconditionFailed, staleDelete.StatusCode);

        using var deleted = await SendAsync(HttpMethod.Delete, "/api/v1/rules/crud", ifMatch: "\"2\"");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var gone = await Millrace.Client.GetAsync("/api/v1/rules/crud");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        using var again = await SendAsync(HttpMethod.Delete, "/api/v1/rules/crud");
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Theory]
    [InlineData("/api/v1/rules", "{\"name\":\"a\\u0000b\",\"kind\":\"threshold\",\"stream\":\"s\"," + Condition + "}")]
    [InlineData("/api/v1/rules", "{\"name\":\"a\",\"kind\":\"threshold\",\"stream\":\"s\",\"labels\":{\"a\":\"\\u0000\"}," + Condition + "}")]
    [InlineData("/api/v1/receivers", "{\"name\":\"a\\u0000\",\"url\":\"https://example.com\"}")]
    public async Task Text_with_a_nul_is_400_on_every_database(string path, string body)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("U+0000", (string?)(await BodyAsync(answer))["detail"], StringComparison.Ordinal);
        using var query = await Millrace.Client.GetAsync(path + "?cursor=" + "AAAA");
        Assert.NotEqual(HttpStatusCode.InternalServerError, query.StatusCode);
    }

    [Fact]
    public async Task Rule_bad_fields_are_all_named_in_problem_details()
    {
        using var answer = await SendAsync(HttpMethod.Post, "/api/v1/rules", """{"name":"x","kind":"threshold","stream":"S","condition":{"value":"count"}}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await BodyAsync(answer);
        Assert.Equal("urn:millrace:error:bad_request", (string?)problem["type"]);
        Assert.Equal(
            "The document has bad fields: stream: Must match [a-z0-9][a-z0-9._-]{0,63}. condition.op: Is required. condition.threshold: Is required.",
            (string?)problem["detail"]);
        Assert.Equal(
            ["stream invalid_name", "condition.op missing_field", "condition.threshold missing_field"],
            problem["errors"]!.AsArray().Select(error => $"{error!["field"]} {error["code"]}"));
    }

    [Theory]
    [InlineData("", "empty_body")]
    [InlineData("{", "invalid_json")]
    [InlineData("""{"name":"x","name":"y"}""", "invalid_json")]
    [InlineData("""{"name":"\ud800"}""", "invalid_utf8")]
    [InlineData("""{"\udc00":1}""", "invalid_utf8")]
    [InlineData("[1,2]", "bad_request")]
    public async Task Rule_body_is_no_object_is_refused(string body, string code)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/api/v1/rules", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(code, (string?)(await BodyAsync(answer))["code"]);
    }

    [Fact]
    public async Task Rule_body_is_huge_is_refused()
    {
        using var answer = await SendAsync(HttpMethod.Post, "/api/v1/rules", "{\"name\":\"" + new string('x', 300_000) + "\"}");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task Rule_same_id_twice_or_unknown_receiver_is_refused()
    {
        await Millrace.PostAsync("/api/v1/rules", Rule("twice"));
        using var twice = await SendAsync(HttpMethod.Post, "/api/v1/rules", Rule("twice"));
        Assert.Equal(HttpStatusCode.Conflict, twice.StatusCode);

        using var nobody = await SendAsync(HttpMethod.Post, "/api/v1/rules", Rule("nobody", "\"receivers\":[\"ghost\",\"spirit\"]"));
        Assert.Equal(HttpStatusCode.BadRequest, nobody.StatusCode);
        Assert.Equal("The document has bad fields: receivers: There is no receiver ghost, spirit.", (string?)(await BodyAsync(nobody))["detail"]);

        using var missing = await SendAsync(HttpMethod.Put, "/api/v1/rules/missing", Rule("missing"));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var other = await SendAsync(HttpMethod.Put, "/api/v1/rules/twice", Rule("other"));
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }

    [Fact]
    public async Task Rules_are_listed_in_pages()
    {
        for (var i = 0; i < 5; i++) await Millrace.PostAsync("/api/v1/rules", Rule($"page-{i}"));

        var ids = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Millrace.GetAsync("/api/v1/rules?limit=2" + (cursor is null ? "" : "&cursor=" + cursor));
            Assert.InRange(page["items"]!.AsArray().Count, 1, 2);
            ids.AddRange(page["items"]!.AsArray().Select(rule => (string)rule!["id"]!));
            cursor = (string?)page["next"];
        }
        while (cursor is not null);

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(5, ids.Count(id => id.StartsWith("page-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Receiver_secret_is_never_shown_and_stays_when_it_is_not_sent_again()
    {
        var made = await Millrace.PostAsync(
            "/api/v1/receivers", """{"id":"quiet","name":"a","kind":"webhook","url":"https://example.com/x","secret":"a secret of the user"}""");
        Assert.Null(made["secret"]);

        var changed = await Millrace.SendAsync(
            HttpMethod.Put, "/api/v1/receivers/quiet", """{"name":"b","kind":"webhook","url":"https://example.com/y","revision":1}""");
        Assert.Equal(("b", "https://example.com/y", 2L), ((string?)changed["name"], (string?)changed["url"], (long)changed["revision"]!));
        var store = Millrace.Services.GetRequiredService<ReceiverStore>();
        var kept = await store.FindAsync(Installation.Tenant, "quiet", CancellationToken.None);
        Assert.Equal("a secret of the user", (string?)kept!.Settings["secret"]);
        foreach (var path in new[] { "/api/v1/receivers", "/api/v1/receivers/quiet" })
            Assert.DoesNotContain("a secret", (await Millrace.GetAsync(path)).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_without_a_secret_gets_one_that_is_shown_once()
    {
        var made = await Millrace.PostAsync("/api/v1/receivers", """{"id":"fresh","name":"a","kind":"webhook","url":"https://example.com/"}""");

        Assert.StartsWith("whsec_", (string?)made["secret"], StringComparison.Ordinal);
        Assert.Null((await Millrace.GetAsync("/api/v1/receivers/fresh"))["secret"]);
    }

    [Fact]
    public async Task Receiver_in_use_is_not_deleted()
    {
        await Millrace.PostAsync("/api/v1/receivers", """{"id":"used","name":"a","kind":"webhook","url":"https://example.com/"}""");
        await Millrace.PostAsync("/api/v1/rules", Rule("user", "\"receivers\":[\"used\"]"));

        using var refused = await SendAsync(HttpMethod.Delete, "/api/v1/receivers/used");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("[\"user\"]", (await BodyAsync(refused))["rules"]!.ToJsonString());

        await Millrace.SendAsync(HttpMethod.Delete, "/api/v1/rules/user");
        using var deleted = await SendAsync(HttpMethod.Delete, "/api/v1/receivers/used");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Theory]
    [InlineData("""{"kind":"webhook"}""", "name: Is required. url: Is required.")]
    [InlineData("""{"name":"a","kind":"pigeon"}""", "kind: 'pigeon' is not one of webhook.")]
    [InlineData("""{"name":"a","kind":"webhook","url":"ftp://x/"}""", "url: Must be an absolute URL with http or https.")]
    [InlineData("""{"name":"a","kind":"webhook","url":"https://u:p@x/"}""", "url: Must not contain a user name or password.")]
    [InlineData("""{"name":"a","kind":"webhook","url":"https://x/","colour":1}""", "colour: Is not a known field.")]
    public async Task Receiver_bad_fields_are_named(string body, string expected)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/api/v1/receivers", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("The document has bad fields: " + expected, (string?)(await BodyAsync(answer))["detail"]);
    }

    [Fact]
    public async Task Another_tenant_sees_nothing()
    {
        await Millrace.PostAsync("/api/v1/rules", Rule("ours"));
        await Millrace.PostAsync("/api/v1/receivers", """{"id":"ours","name":"a","kind":"webhook","url":"https://example.com/"}""");
        using var client = Millrace.ClientWith(ScopeNames.All, "other");

        foreach (var path in new[] { "/api/v1/rules", "/api/v1/receivers", "/api/v1/alerts", "/api/v1/deliveries" })
        {
            using var list = await client.GetAsync(path);
            Assert.Equal("{\"items\":[],\"next\":null}", await list.Content.ReadAsStringAsync());
        }
        foreach (var path in new[] { "/api/v1/rules/ours", "/api/v1/receivers/ours" })
        {
            using var read = await client.GetAsync(path);
            using var deleted = await client.DeleteAsync(path);
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (read.StatusCode, deleted.StatusCode));
        }
        using var nobodys = await SendWithAsync(client, HttpMethod.Post, "/api/v1/rules", Rule("theirs", "\"receivers\":[\"ours\"]"));
        Assert.Equal(HttpStatusCode.BadRequest, nobodys.StatusCode);
    }

    public static TheoryData<string, string> Endpoints => new()
    {
        { "GET", "/api/v1/rules" }, { "GET", "/api/v1/rules/x" }, { "POST", "/api/v1/rules" }, { "PUT", "/api/v1/rules/x" }, { "DELETE", "/api/v1/rules/x" },
        { "GET", "/api/v1/receivers" }, { "GET", "/api/v1/receivers/x" }, { "POST", "/api/v1/receivers" }, { "PUT", "/api/v1/receivers/x" },
        { "DELETE", "/api/v1/receivers/x" }, { "GET", "/api/v1/alerts" }, { "GET", "/api/v1/alerts/x" }, { "POST", "/api/v1/alerts/x/ack" },
        { "POST", "/api/v1/alerts/x/unack" }, { "POST", "/api/v1/alerts/x/snooze" }, { "GET", "/api/v1/deliveries" }, { "GET", "/api/v1/deliveries/x" },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Endpoint_takes_only_credentials_with_its_scope(string method, string path)
    {
        using var nobody = Millrace.CreateClient(null);
        using var stranger = Millrace.CreateClient("not-a-key-of-anybody");
        using var reader = Millrace.ClientWith(Scopes.Read | Scopes.Ingest);
        using var writer = Millrace.ClientWith(Scopes.Write);
        var reads = method == "GET";

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger));
        Assert.Equal(!reads, await StatusAsync(reader) == HttpStatusCode.Forbidden);
        Assert.Equal(reads, await StatusAsync(writer) == HttpStatusCode.Forbidden);

        async Task<HttpStatusCode> StatusAsync(HttpClient client)
        {
            using var answer = await SendWithAsync(client, new HttpMethod(method), path, reads ? null : "{}");
            return answer.StatusCode;
        }
    }

    private static string Rule(string id, string more = "\"receivers\":[]") =>
        $$"""{"id":"{{id}}","name":"rule {{id}}","kind":"threshold","stream":"shop",{{Condition}},{{more}}}""";

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null, string? ifMatch = null) =>
        SendWithAsync(Millrace.Client, method, path, body, ifMatch);

    private static async Task<HttpResponseMessage> SendWithAsync(HttpClient client, HttpMethod method, string path, string? body, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        if (ifMatch is not null) request.Headers.IfMatch.Add(new EntityTagHeaderValue(ifMatch));
        return await client.SendAsync(request);
    }

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    public abstract class Shared(MetadataUnderTest database) : IAsyncLifetime
    {
        private readonly TempDirectory _directory = new();

        internal Installation Millrace { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Millrace = await Installation.StartAsync(database, _directory);

        public async ValueTask DisposeAsync()
        {
            if (Millrace is not null) await Millrace.DisposeAsync();
            _directory.Dispose();

        }
    }

    public sealed class SharedOnSqlite() : Shared(new OnSqlite());

    public sealed class SharedOnPostgres(PostgresFixture postgres) : Shared(new OnPostgres(postgres));
}

public sealed class ApiOnSqliteTests(ApiTests.SharedOnSqlite shared) : ApiTests(shared), IClassFixture<ApiTests.SharedOnSqlite>;

public sealed class ApiOnPostgresTests(ApiTests.SharedOnPostgres shared) : ApiTests(shared), IClassFixture<ApiTests.SharedOnPostgres>;
