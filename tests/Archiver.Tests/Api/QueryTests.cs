using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Api;

public sealed class QueryTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Query_own_rows_answers_meta_data_rows_and_time()
    {
        var answer = await OkAsync("SELECT stream, count() AS n, max(values['amount']) AS top FROM events GROUP BY stream ORDER BY stream");

        Assert.Equal("""[{"name":"stream","type":"LowCardinality(String)"},{"name":"n","type":"UInt64"},{"name":"top","type":"Float64"}]""", answer.GetProperty("meta").GetRawText());
        Assert.Equal("""[["shop",100,99],["web",20,19]]""", answer.GetProperty("data").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(2, answer.GetProperty("rows").GetInt32());
        Assert.True(answer.GetProperty("elapsed_ms").GetInt64() >= 0);
    }

    [Fact]
    public async Task Query_with_parameters_binds_them()
    {
        var answer = await OkAsync(
            "SELECT {text:String}, {number:Float64}, {flag:Bool}, {list:Array(String)}, count() FROM events WHERE stream IN {streams:Array(String)}",
            new { text = "it's\n\ttext\\", number = 1.5, flag = true, list = new[] { "a'b\\c\n", "d" }, streams = new[] { "web" } });

        Assert.Equal("it's\n\ttext\\", answer.GetProperty("data")[0][0].GetString());
        Assert.Equal("""1.5 true ["a'b\\c\n","d"] 20""", string.Join(' ', answer.GetProperty("data")[0].EnumerateArray().Skip(1).Select(v => v.GetRawText())));
    }

    [Theory]
    [InlineData("SELECT count() FROM events")]
    [InlineData("SELECT count() FROM millrace.events")]
    [InlineData("SELECT count() FROM events WHERE tenant != ''")]
    [InlineData("SELECT count() FROM events UNION ALL SELECT 0 WHERE 0")]
    [InlineData("WITH e AS (SELECT * FROM events) SELECT count() FROM e")]
    [InlineData("SELECT sum(count) FROM rollup_1m")]
    [InlineData("SELECT sum(count) FROM rollup_1h")]
    [InlineData("SELECT sum(count) FROM rollup_1d")]
    public async Task Query_any_table_shows_only_the_callers_tenant(string sql)
    {
        Assert.Equal(120, (await OkAsync(sql)).GetProperty("data")[0][0].GetInt32());
        Assert.Equal(30, (await OkAsync(sql, tenant: api.Other)).GetProperty("data")[0][0].GetInt32());
        Assert.Equal(0, (await OkAsync(sql, tenant: "nobody")).GetProperty("data")[0][0].GetInt32());
    }

    [Theory]
    [InlineData("INSERT INTO events (tenant) VALUES ('x')", 403)]
    [InlineData("DROP TABLE events", 403)]
    [InlineData("SELECT * FROM file('/etc/passwd')", 403)]
    [InlineData("SELECT * FROM millrace_archiver.schema_migrations", 403)]
    [InlineData("SELECT 1; SELECT 2", 403)]
    [InlineData("SELECT * FROM system.processes", 403)]
    [InlineData("SELEC 1", 403)]
    [InlineData("SELECT (1", 400)]
    [InlineData("SELECT nosuchcolumn FROM events", 400)]
    [InlineData("SELECT 1 FORMAT CSV", 400)]
    public async Task Query_that_may_not_or_can_not_run_is_a_problem(string sql, int status)
    {
        using var client = api.Archiver.Client(api.Tenant);

        var response = await client.PostAsJsonAsync("/api/v1/query", new { sql });

        var problem = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.True(status == (int)response.StatusCode || (status == 403 && (int)response.StatusCode == 400), problem.ToString());
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("urn:millrace:error:", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("version", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sql": ""}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{"sql": "SELECT 1", "parms": {}}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{"sql": "SELECT 1", "params": {"a": null}}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{"sql": "SELECT 1", "params": {"a": "\ud800"}}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("""{"sql": "\udc00"}""", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("SELECT 1", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("SELECT 1", "text/plain", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("", "application/json", HttpStatusCode.BadRequest)]
    public async Task Query_with_a_wrong_body_says_what_is_wrong(string body, string type, HttpStatusCode expected)
    {
        using var client = api.Archiver.Client(api.Tenant);

        var response = await client.PostAsync("/api/v1/query", new StringContent(body, Encoding.UTF8, type));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Query_longer_than_allowed_is_too_large() => Assert.Equal(
        HttpStatusCode.RequestEntityTooLarge, (await SendAsync("SELECT '" + new string('x', 300_000) + "'")).StatusCode);

    [Fact]
    public async Task Query_that_runs_too_long_is_a_timeout()
    {
        var response = await SendAsync("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))");

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Contains("query_timeout", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_with_too_many_rows_is_too_large()
    {
        var response = await SendAsync("SELECT number FROM numbers(1000000)");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("query_too_large", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_as_many_rows_as_allowed_streams_all()
    {
        var answer = await OkAsync("SELECT number, repeat('x', 100) FROM numbers(100000)");

        Assert.Equal(100_000, answer.GetProperty("rows").GetInt32());
        Assert.Equal(Enumerable.Range(0, 100_000), answer.GetProperty("data").EnumerateArray().Select(row => row[0].GetInt32()).Order());
    }

    [Fact]
    public async Task Query_when_the_client_goes_is_cancelled()
    {
        const string running = "SELECT count() FROM system.processes WHERE query LIKE '%millrace_test_slow%' AND query NOT LIKE '%system.processes%'";
        using var gone = new CancellationTokenSource();
        using var client = api.Archiver.Client(api.Tenant);
        var query = client.PostAsJsonAsync(
            "/api/v1/query", new { sql = "SELECT count() AS millrace_test_slow FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))" }, gone.Token);
        await Eventually.TrueAsync(async () => await api.ClickHouse.ScalarAsync(running) != "0");

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        // Sooner than the limit of three seconds would end it.
        await Eventually.TrueAsync(async () => await api.ClickHouse.ScalarAsync(running) == "0", TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public async Task Query_without_the_scope_or_credential_is_refused()
    {
        using var ingest = api.Archiver.Client(api.Tenant, Scopes.Ingest);
        Assert.Equal(HttpStatusCode.Forbidden, (await ingest.PostAsJsonAsync("/api/v1/query", new { sql = "SELECT 1" })).StatusCode);
        using var nobody = api.Archiver.Client(api.Tenant);
        nobody.DefaultRequestHeaders.Authorization = null;
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsJsonAsync("/api/v1/query", new { sql = "SELECT 1" })).StatusCode);
    }

    [Fact]
    public async Task Query_of_an_operator_may_name_a_tenant_and_nobody_elses()
    {
        using var @operator = api.Archiver.Client("operations", ScopeNames.All, "operator");
        var answer = await @operator.PostAsJsonAsync($"/api/v1/query?tenant={api.Tenant}", new { sql = "SELECT count() FROM events" });
        Assert.Equal("[[120]]", JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("data").GetRawText());
        using var admin = api.Archiver.Client(api.Other, ScopeNames.All, "admin");
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.PostAsJsonAsync($"/api/v1/query?tenant={api.Tenant}", new { sql = "SELECT 1" })).StatusCode);
    }

    private async Task<JsonElement> OkAsync(string sql, object? parameters = null, string? tenant = null)
    {
        using var client = api.Archiver.Client(tenant ?? api.Tenant);
        var response = await client.PostAsJsonAsync("/api/v1/query", new { sql, @params = parameters ?? new { } });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    private async Task<HttpResponseMessage> SendAsync(string sql)
    {
        using var client = api.Archiver.Client(api.Tenant);
        return await client.PostAsJsonAsync("/api/v1/query", new { sql });
    }
}
