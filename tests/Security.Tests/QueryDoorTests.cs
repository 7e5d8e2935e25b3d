using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Millrace.Security.Tests.Isolation;
using Millrace.Security.Tests.Support;
using Xunit;

namespace Millrace.Security.Tests;

/// <summary>
/// Known ways out of ClickHouse, through both doors that tenants have: POST /api/v1/query, and ClickHouse's own interface with settings in the URL.
/// The longer list stands in ClickHouse.Embedded.Tests, at the gate itself.
/// </summary>
[Collection(RunningCollection.Name)]
public sealed class QueryDoorTests(RunningMillrace millrace, ITestOutputHelper output)
{
    private const string Canary = "/tmp/millrace-door-canary";

    // A query of a tenant ends after a second here, so that the bombs cost little.
    private const string Second = " SETTINGS max_execution_time = 1";

    private static readonly string[] Escapes =
    [
        "SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT file('/etc/passwd')", "SELECT * FROM `/etc/passwd`", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1', 'system', 'users')", "SELECT * FROM cluster('default', 'system', 'one')", "SELECT * FROM executable('id', 'LineAsString', 's String')", "SELECT * FROM s3('http://127.0.0.1:1/x')",
        "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')", "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')", "SELECT dictGet('x', 'y', 1)", "SELECT * FROM dictionary('x')", "SELECT * FROM input('x Int8')",
        "SELECT * FROM merge('millrace', '.*')", "SELECT * FROM merge('system', 'users')", "SELECT 1 INTO OUTFILE '/tmp/millrace-door-canary'", "SELECT 1 INTO/**/OUTFILE '/tmp/millrace-door-canary' TRUNCATE",
        "SELECT * FROM system.processes", "SELECT * FROM system.query_log", "SELECT * FROM system.users", "SELECT * FROM `system`.`settings_profiles`", "SELECT * FROM system/**/./**/parts", "SELECT query FROM SYSTEM.processes",
        "SELECT * FROM events SETTINGS readonly = 0", "SELECT * FROM (SELECT * FROM events SETTINGS max_threads = 1)", "SELECT 1; SELECT 2", "SELECT 1;DROP TABLE events", "SELECT 1 --\n; DROP TABLE events", "SELECT /* */ sleep(3)",
        "SELECT sleepEachRow(3) FROM events", "WITH x AS (SELECT * FROM system.processes) SELECT * FROM x", "WITH file('/etc/passwd') AS f SELECT f", "EXPLAIN SELECT * FROM system.users", "EXPLAIN AST SELECT 1", "DESCRIBE file('/etc/passwd')",
        "DESCRIBE TABLE system.users", "SHOW CREATE USER default", "SHOW PROCESSLIST", "SHOW GRANTS", "CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT * FROM events WHERE tenant = {t:String}", "INSERT INTO events (tenant) VALUES ('bob')",
        "INSERT INTO FUNCTION file('/tmp/millrace-door-canary') SELECT 1", "SET readonly = 0", "SYSTEM SHUTDOWN", "KILL QUERY WHERE 1", "ALTER USER default IDENTIFIED BY 'x'", "GRANT ALL ON *.* TO default", "ATTACH TABLE x FROM '/tmp'",
        "SELECT getSetting('stream_like_engine_insert_queue')", "SELECT 1 FORMAT CapnProto SETTINGS format_schema = '/etc/passwd:x'", "SELECT 1 FORMAT Template SETTINGS format_template_row = '/etc/passwd'", "SELECT * FROM millrace_archiver.schema_migrations",
        "SELECT hostName(), serverUUID()", "SELECT * FROM {t:Identifier}", "SELECT addressToLine(1)", "SELECT * FROM view(SELECT * FROM system.users)", "SELECT 1 UNION ALL SELECT name FROM system.users", "SELECT * FROM events WHERE id IN system.users",
        // Letters that only look like others, and blanks that only look like nothing.
        "SELECT * FROM ｓｙｓｔｅｍ.processes", "SELECT ﬁle('/etc/passwd')", "SELECT ſleep(3)", "SELECT * FROM sys\u200btem.users", "SELECT\u00a0*\u00a0FROM\u00a0system.users", "SELECT * FROM \u2018/etc/passwd\u2019", "SELECT f\u0456le('/etc/passwd')",
        "SELECT \uff07a\uff07; SELECT 2", "SELECT 1\u2028; DROP TABLE events", "SELECT * FROM \"system\u0000\".users", "\ufeffSELECT * FROM system.users", "SELECT 1 /*\u2028*/ INTO OUTFILE '/tmp/millrace-door-canary'",
    ];

    private static readonly (string Sql, bool MayAnswer)[] Bombs =
    [
        ("SELECT count() FROM numbers(1000000000000)" + Second, true), ("SELECT groupArray(number) FROM numbers(10000000000)" + Second, false), ("SELECT range(10000000000)" + Second, false),
        ("SELECT repeat('x', 10000000000)" + Second, false), ("SELECT arrayWithConstant(10000000000, 1)" + Second, false), ("SELECT number FROM numbers(1000000000000)" + Second, false),
        ("SELECT a.number FROM numbers(1000000) a, numbers(1000000) b, numbers(1000000) c" + Second, true), ("SELECT match(repeat('a', 30), '(a+)+$b')" + Second, true),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count() FROM r" + Second, true), ("SELECT " + string.Concat(Enumerable.Repeat("(", 20_000)) + "1" + string.Concat(Enumerable.Repeat(")", 20_000)), true),
        ("SELECT " + string.Concat(Enumerable.Repeat("NOT ", 20_000)) + "1", true), ("SELECT " + string.Concat(Enumerable.Repeat("-", 5_000).Select(sign => sign + " ")) + "1", true), ("SELECT 1" + string.Concat(Enumerable.Repeat("+1", 60_000)), true),
        (string.Concat(Enumerable.Repeat("SELECT * FROM (", 3_000)) + "SELECT 1" + new string(')', 3_000), true), ("SELECT [" + string.Join(',', Enumerable.Repeat("1", 60_000)) + "]", true), ("SELECT " + new string('[', 20_000) + new string(']', 20_000), true),
        ("SELECT CASE WHEN 1 THEN " + string.Concat(Enumerable.Repeat("CASE WHEN 1 THEN ", 3_000)) + "1" + string.Concat(Enumerable.Repeat(" END", 3_001)), true), ("SELECT 1 IN (" + string.Join(',', Enumerable.Range(0, 40_000)) + ")", true),
        ("SELECT arrayMap(x -> arrayMap(y -> range(1000), range(1000)), range(1000))" + Second, true), ("SELECT randomString(10000000000)" + Second, false), ("SELECT quantileExact(number) FROM numbers(10000000000)" + Second, true),
    ];

    [Fact]
    public async Task Escape_is_refused_at_both_doors_and_shows_nothing()
    {
        await millrace.OkAsync("POST", "/ingest", RunningMillrace.AliceKey, $$"""{"stream":"{{AlicesThings.Marker}}"}""");
        var key = await BobsKeyAsync();
        var wrong = new List<string>();
        var tried = 0;
        foreach (var sql in Escapes)
        {
            File.Delete(Canary);
            foreach (var (door, (status, text)) in new[] { ("/api/v1/query", await QueryAsync(sql)), ("8123", await ClickHouseAsync(key, sql)) })
            {
                tried++;
                if (status is < 400 or >= 500) wrong.Add($"{door} {sql}: {status} {text[..Math.Min(300, text.Length)]}");
                if (text.Contains("root:x:", StringComparison.Ordinal) || text.Contains(AlicesThings.Marker, StringComparison.Ordinal)) wrong.Add($"{door} {sql} shows {text}");
                if (File.Exists(Canary)) wrong.Add($"{door} {sql} wrote a file");
            }
        }

        output.WriteLine($"{tried} attempts");
        Assert.Equal([], wrong);
    }

    [Theory]
    [InlineData("readonly=0")]
    [InlineData("readonly=2&stream_like_engine_insert_queue=")]
    [InlineData("allow_ddl=1")]
    [InlineData("user=alice")]
    [InlineData("role=admin")]
    [InlineData("database=system")]
    [InlineData("profile=default")]
    [InlineData("max_memory_usage=-1")]
    [InlineData("additional_table_filters=%7B%7D")]
    [InlineData("format_schema_source=file")]
    [InlineData("send_logs_level=trace&send_logs_source_regexp=.*&log_profile_events=1&allow_introspection_functions=1")]
    [InlineData("session_id=x&session_timeout=999999999")]
    [InlineData("query=SELECT%201%3B")]
    public async Task Setting_in_the_address_gives_no_rights(string parameters)
    {
        var (status, text) = await ClickHouseAsync(await BobsKeyAsync(), "SELECT groupArray(DISTINCT tenant) FROM events", parameters);
        Assert.True(status is (>= 400 and < 500) or 501, $"{status} {text}");
        Assert.DoesNotContain("alice", text.Replace("alice: Authentication failed", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_tenants_name_with_own_key_and_other_mixtures_open_nothing()
    {
        var bob = await BobsKeyAsync();
        foreach (var (user, password) in new[] { ("alice", bob), ("alice", ""), ("bob", ""), ("bob", bob[..^1]), ("bob", RunningMillrace.AliceKey), ("default", ""), ("default", bob), ("millrace", bob), ("", bob), ("bob ", bob), ("BOB", bob), ("bob\0", bob), ("bob", Tokens.Tampered("bob", "alice")) })
        {
            var (status, text) = await ClickHouseAsync(password, "SELECT 1", user: user);
            Assert.True(status is 401 or 403, $"{user}: {status} {text}");
        }

        Assert.Equal(200, (await ClickHouseAsync(bob, "SELECT 1")).Status);
    }

    [Fact]
    public async Task Bomb_ends_in_time_and_ClickHouse_lives_on()
    {
        var key = await BobsKeyAsync();
        var wrong = new List<string>();
        foreach (var (sql, mayAnswer) in Bombs)
        {
            var started = Stopwatch.GetTimestamp();
            var (status, text) = await ClickHouseAsync(key, sql);
            var took = Stopwatch.GetElapsedTime(started);
            var shown = sql[..Math.Min(80, sql.Length)];
            // ClickHouse may tell an error at the end of an answer that it had begun.
            var failed = status >= 400 || text.Contains("DB::Exception", StringComparison.Ordinal) || text.Length == 0;
            if (!failed && !mayAnswer) wrong.Add($"{shown}: {status} {text[..Math.Min(100, text.Length)]}");
            if (took > TimeSpan.FromSeconds(60)) wrong.Add($"{shown} took {took}");
            var (alive, answer) = await ClickHouseAsync(key, "SELECT 1");
            if (alive != 200) wrong.Add($"after {shown} ClickHouse says {alive} {answer}");
        }

        Assert.Equal([], wrong);
    }

    private async Task<string> BobsKeyAsync() =>
        (string)(await millrace.OkAsync("POST", "/api/v1/keys", Tokens.Valid("bob"), """{"name":"bi","scopes":["read"]}"""))["key"]!;

    private Task<(int Status, string Body)> QueryAsync(string sql) =>
        millrace.SendAsync("POST", "/api/v1/query", Tokens.Valid("bob"), JsonSerializer.Serialize(new { sql, @params = new { t = "system.users" } }));

    private async Task<(int Status, string Text)> ClickHouseAsync(string password, string sql, string parameters = "", string user = "bob")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(millrace.ClickHouse, "/?param_t=system.users&" + parameters)) { Content = new StringContent(sql) };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var answer = await millrace.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        try
        {
            // Of an endless answer the beginning is enough.
            await using var stream = await answer.Content.ReadAsStreamAsync(limit.Token);
            var bytes = new byte[1 << 20];
            var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, limit.Token);
            return ((int)answer.StatusCode, length == bytes.Length ? "DB::Exception (cut off by the test)" : Encoding.UTF8.GetString(bytes, 0, length));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return ((int)answer.StatusCode, "DB::Exception " + e.Message);
        }
    }
}
