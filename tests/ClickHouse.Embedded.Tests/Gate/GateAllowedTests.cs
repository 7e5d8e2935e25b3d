using Millrace.ClickHouse.Embedded.Tests.Support;

namespace Millrace.ClickHouse.Embedded.Tests.Gate;

/// <summary>What a tenant may do, and that it sees its own rows only, whatever way it looks.</summary>
[Collection(ServerCollection.Name)]
public sealed class GateAllowedTests(ServerFixture server)
{
    [Theory]
    [InlineData("SELECT count() FROM events", "100")]
    [InlineData("SELECT count() FROM millrace.events", "100")]
    [InlineData("SELECT count() FROM `millrace`.`events`", "100")]
    [InlineData("SELECT count() FROM rollup_1m", "100")]
    [InlineData("SELECT count() FROM millrace.rollup_1h AS r", "100")]
    [InlineData("SELECT groupUniqArray(tenant) FROM events", "['alice']")]
    [InlineData("SELECT min(tenant), max(tenant) FROM events", "alice\talice")]
    [InlineData("SELECT tenant, count() FROM events GROUP BY ALL", "alice\t100")]
    [InlineData("SELECT DISTINCT tenant FROM events ORDER BY tenant DESC LIMIT 1", "alice")]
    [InlineData("SELECT count() FROM events WHERE tenant = 'bob'", "0")]
    [InlineData("SELECT count() FROM events PREWHERE tenant = 'bob'", "0")]
    [InlineData("SELECT count() FROM events WHERE tenant = 'bob' OR 1", "100")]
    [InlineData("SELECT count() FROM events WHERE tenant != 'alice'", "0")]
    [InlineData("SELECT count() FROM events WHERE throwIf(tenant = 'bob') = 0", "100")]
    [InlineData("SELECT count() FROM events PREWHERE throwIf(tenant = 'bob') = 0", "100")]
    [InlineData("SELECT count() FROM events a JOIN millrace.events b ON a.id = b.id", "100")]
    [InlineData("SELECT count() FROM events a FULL JOIN rollup_1m b ON a.id = b.id WHERE b.tenant = 'bob'", "0")]
    [InlineData("SELECT count() FROM (SELECT * FROM events UNION ALL SELECT * FROM millrace.rollup_1m)", "200")]
    [InlineData("WITH e AS (SELECT * FROM events) SELECT count() FROM e", "100")]
    [InlineData("WITH events AS (SELECT 1 AS n) SELECT count() FROM events", "1")]
    [InlineData("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n) FROM r", "15")]
    [InlineData("SELECT count() FROM events WHERE id IN (SELECT id FROM rollup_1m WHERE tenant = 'bob')", "0")]
    [InlineData("SELECT countIf(id IN ('bob-1', 'alice-1')) FROM events", "1")]
    [InlineData("SELECT ('bob', 'shop') IN (SELECT tenant, stream FROM events)", "0")]
    [InlineData("SELECT count() FROM view(SELECT * FROM events)", "100")]
    [InlineData("SELECT sum(number) FROM numbers(10)", "45")]
    [InlineData("SELECT sum(values['amount']), quantile(0.5)(values['amount']), uniqExactIf(id, stream = 'shop') FROM events", "4950\t49.5\t100")]
    [InlineData("SELECT arrayMap(x -> x * 2, [1, 2]), JSONExtractInt('{\"a\":1}', 'a'), formatDateTime(toDateTime(0), '%Y')", "[2,4]\t1\t1970")]
    [InlineData("SELECT sum(1) OVER (PARTITION BY stream) AS n FROM events LIMIT 1", "100")]
    [InlineData("FROM events SELECT count()", "100")]
    [InlineData("(SELECT 1) UNION ALL (SELECT 1)", "1\n1")]
    [InlineData("SELECT count() FROM events;", "100")]
    [InlineData("  /* a */ SELECT count() -- b\nFROM events -- c", "100")]
    [InlineData("SELECT 'INTO OUTFILE ''x'' SETTINGS a = 1; DROP TABLE events FORMAT CSV'", "INTO OUTFILE \\'x\\' SETTINGS a = 1; DROP TABLE events FORMAT CSV")]
    [InlineData("SELECT 1 AS format ORDER BY format DESC", "1")]
    [InlineData("SELECT count() FROM events FORMAT CSV", "100")]
    [InlineData("SELECT count() FROM events SETTINGS max_threads = 1, join_use_nulls = 1 FORMAT CSV", "100")]
    [InlineData("SELECT count() FROM events FORMAT CSV SETTINGS max_execution_time = 1.5, output_format_json_quote_64bit_integers = '1'", "100")]
    [InlineData("SELECT currentDatabase(), length(version()) > 0", "millrace\t1")]
    [InlineData("SHOW TABLES", "events\nrollup_1d\nrollup_1h\nrollup_1m")]
    [InlineData("SHOW TABLES FROM millrace LIKE 'ev%'", "events")]
    [InlineData("show full tables in `millrace` not ilike 'ROLL%'", "events\tMergeTree")]
    [InlineData("SHOW DATABASES", "millrace")]
    [InlineData("EXISTS TABLE events", "1")]
    [InlineData("SELECT name FROM system.databases", "millrace")]
    [InlineData("SELECT name, total_rows, data_paths FROM system.tables WHERE name = 'events'", "events\t\\N\t[]")]
    [InlineData("SELECT system.columns.name FROM `system`.columns WHERE table = 'events' AND position = 1", "tenant")]
    [InlineData("SELECT t.table_name, t.table_rows FROM INFORMATION_SCHEMA.TABLES t WHERE t.table_name = 'events'", "events\t\\N")]
    [InlineData("SELECT column_name FROM information_schema.columns WHERE table_name = 'events' AND ordinal_position = 2", "stream")]
    [InlineData("SELECT schema_name FROM information_schema.schemata", "millrace")]
    [InlineData("SELECT value FROM system.settings WHERE name = 'readonly'", "1")]
    [InlineData("SELECT count() FROM system.settings WHERE name = 'stream_like_engine_insert_queue'", "0")]
    [InlineData("SELECT count() > 1000 FROM system.functions", "1")]
    public async Task Statement_shows_own_rows_only(string sql, string expected)
    {
        var answer = await server.Alice.SendAsync(sql);
        Assert.Equal(expected, answer.Text.TrimEnd('\n'));
    }

    [Theory]
    [InlineData("SELECT * FROM events FORMAT JSON")]
    [InlineData("DESCRIBE events")]
    [InlineData("DESC TABLE millrace.events FORMAT JSONEachRow")]
    [InlineData("SHOW CREATE TABLE millrace.events")]
    [InlineData("SHOW COLUMNS FROM events")]
    [InlineData("SHOW FULL COLUMNS FROM events FROM millrace")]
    [InlineData("SELECT * FROM system.tables FORMAT Vertical")]
    [InlineData("SELECT * FROM system.columns")]
    [InlineData("SELECT * FROM system.settings")]
    [InlineData("SELECT * FROM information_schema.tables")]
    public async Task Statement_says_nothing_of_others(string sql)
    {
        var text = await server.Alice.QueryAsync(sql);
        Assert.NotEmpty(text);
        Assert.DoesNotContain("bob", text, StringComparison.Ordinal);
        Assert.DoesNotContain("peek", text, StringComparison.Ordinal);
        Assert.DoesNotContain("internal secret", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT {c:Identifier} FROM {t:Identifier} WHERE id = {id:String}", "param_c=tenant&param_t=events&param_id=alice-1", "alice")]
    [InlineData("SELECT count() FROM {d:Identifier}.{t:Identifier}", "param_d=millrace&param_t=events", "100")]
    [InlineData("SELECT {a:Array(String)}[1], {n:Int64} + 1, {s:String}", "param_a=%5B%27x%27%5D&param_n=1&param_s=a%5Ctb", "x\t2\ta\\tb")]
    [InlineData("SELECT 1", "database=millrace&readonly=1&session_id=x&wait_end_of_query=1&max_execution_time=600", "1")]
    [InlineData("SELECT 1", "database=default", "1")]
    public async Task Parameters_are_put_in(string sql, string parameters, string expected) =>
        Assert.Equal(expected, await server.Alice.QueryAsync(sql, parameters));

    [Theory]
    [InlineData("SELECT count() FROM numbers(1000000000000)", "159")]
    [InlineData("SELECT count() FROM numbers(1000000000000) SETTINGS max_execution_time = 0", "159")]
    [InlineData("SELECT groupArray(number) FROM numbers(1000000000)", "241")]
    [InlineData("SELECT groupArray(number) FROM numbers(1000000000) SETTINGS max_memory_usage = 0", "241")]
    [InlineData("SELECT number FROM numbers(20000000) FORMAT Null", "396")]
    [InlineData("SELECT number FROM numbers(20000000) FORMAT Null SETTINGS max_result_rows = 0", "396")]
    [InlineData("SELECT number FROM numbers(100) FORMAT Null SETTINGS max_result_rows = 10", "396")]
    public async Task Limits_hold(string sql, string code)
    {
        var answer = await server.Alice.SendAsync(sql);
        Assert.Equal(code, answer.Header("X-ClickHouse-Exception-Code"));
    }

    [Fact]
    public async Task Nested_beyond_measure_is_an_error()
    {
        string[] deep =
        [
            "SELECT " + new string('(', 100_000), "SELECT " + string.Concat(Enumerable.Repeat("(SELECT ", 20_000)), "SELECT " + string.Concat(Enumerable.Repeat("NOT ", 50_000)) + "1",
            "SELECT " + new string('[', 50_000) + new string(']', 50_000), "SELECT 1" + string.Concat(Enumerable.Repeat("::Int8", 30_000)), "SELECT " + string.Concat(Enumerable.Repeat("x -> ", 40_000)) + "1",
        ];
        foreach (var sql in deep)
        {
            var answer = await server.Alice.SendAsync(sql);
            Assert.NotEqual(System.Net.HttpStatusCode.OK, answer.Status);
        }
        Assert.Equal("1", await server.Alice.QueryAsync("SELECT 1"));
    }
}
