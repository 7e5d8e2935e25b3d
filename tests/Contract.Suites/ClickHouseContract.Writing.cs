using Millrace.Ports.ClickHouse;
using Xunit;

namespace Millrace.Contract.Suites;

public abstract partial class ClickHouseContract
{
    [Fact]
    public async Task Execute_returns_when_it_is_done()
    {
        var table = await CreateTableAsync();
        await Server.ExecuteAsync(new ClickHouseQuery($"INSERT INTO {table} SELECT number, 'x' FROM numbers(1000)"), Cancellation);
        Assert.Equal("1000\t499500", await SumAsync(table));
        await Server.ExecuteAsync(new ClickHouseQuery($"DROP TABLE {table}"), Cancellation);
        Assert.Equal(60, (await Assert.ThrowsAsync<ClickHouseException>(() => SumAsync(table))).Code);
    }

    [Fact]
    public async Task Insert_stores_the_batch_and_says_how_much()
    {
        var table = await CreateTableAsync();
        var written = await Server.InsertAsync(new ClickHouseInsert(table, "CSV") { Columns = ["s", "n"] }, "a,1\nb,2\n"u8.ToArray(), Cancellation);
        Assert.Equal(2, written.Rows);
        Assert.True(written.Bytes > 0);
        Assert.Equal("2\t3", await SumAsync(table));
    }

    [Fact]
    public async Task Insert_sends_what_is_written_bit_by_bit()
    {
        var table = await CreateTableAsync();
        await Server.InsertAsync(
            new ClickHouseInsert(table, "TSV"),
            async (body, token) =>
            {
                for (var n = 0; n < 10_000; n++) await body.WriteAsync(Payloads.Utf8($"{n}\tx\n"), token);
            },
            Cancellation);
        Assert.Equal("10000\t49995000", await SumAsync(table));
    }

    [Theory]
    [InlineData("JSONEachRow", "{\"n\":1}\n{\"n\":2,\"s\":\"b\"}")]
    [InlineData("CSV", "1,a\n2,b")]
    [InlineData("Values", "(1, 'a'), (2, 'b')")]
    public async Task Insert_takes_the_servers_formats(string format, string body)
    {
        var table = await CreateTableAsync();
        await Server.InsertAsync(new ClickHouseInsert(table, format), Payloads.Utf8(body), Cancellation);
        Assert.Equal("2\t3", await SumAsync(table));
    }

    [Theory]
    [InlineData("Native")]
    [InlineData("RowBinary")]
    [InlineData("Parquet")]
    public async Task Insert_takes_binary_formats(string format)
    {
        var table = await CreateTableAsync();
        using var rows = new MemoryStream();
        await using (var result = await Server.QueryAsync(new ClickHouseQuery("SELECT number AS n, repeat('\\n', number % 9) AS s FROM numbers(100000)") { Format = format }, Cancellation))
            await result.Body.CopyToAsync(rows, Cancellation);
        await Server.InsertAsync(new ClickHouseInsert(table, format) { Columns = ["n", "s"] }, rows.ToArray(), Cancellation);
        Assert.Equal("100000\t4999950000", await SumAsync(table));
    }

    [Fact]
    public async Task Insert_of_wrong_data_fails_for_good_and_stores_nothing()
    {
        var table = await CreateTableAsync();
        var error = await Assert.ThrowsAsync<ClickHouseException>(() => Server.InsertAsync(new ClickHouseInsert(table, "CSV"), "1,a\nnonsense,b\n"u8.ToArray(), Cancellation));
        Assert.False(error.Retryable);
        Assert.NotEqual(0, error.Code);
        Assert.Equal("0\t0", await SumAsync(table));
    }

    [Fact]
    public async Task Insert_that_fails_at_once_says_why_though_more_is_to_come()
    {
        var table = await CreateTableAsync();
        var rows = Payloads.Utf8("nonsense,a\n" + string.Concat(Enumerable.Repeat("1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 500_000)));
        var error = await Assert.ThrowsAsync<ClickHouseException>(() => Server.InsertAsync(new ClickHouseInsert(table, "CSV"), rows, Cancellation));
        Assert.False(error.Retryable, error.Message);
        Assert.NotEqual(0, error.Code);
        Assert.Equal("0\t0", await SumAsync(table));
    }

    [Fact]
    public async Task Insert_whose_writer_throws_passes_that_on_and_stores_nothing()
    {
        var table = await CreateTableAsync();
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Server.InsertAsync(
            new ClickHouseInsert(table, "CSV"),
            async (body, token) =>
            {
                await body.WriteAsync("1,a\n"u8.ToArray(), token);
                await body.FlushAsync(token);
                throw new InvalidOperationException("no more rows");
            },
            Cancellation));
        Assert.Equal("no more rows", failure.Message);
        Assert.Equal("0\t0", await SumAsync(table));
    }

    [Fact]
    public async Task Insert_with_the_token_of_an_earlier_one_stores_nothing_in_table_and_views()
    {
        var table = await CreateTableAsync();
        await Server.ExecuteAsync(
            new ClickHouseQuery($"CREATE TABLE {table}_sums (total SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 100"),
            Cancellation);
        await Server.ExecuteAsync(new ClickHouseQuery($"CREATE MATERIALIZED VIEW {table}_view TO {table}_sums AS SELECT sum(n) AS total FROM {table}"), Cancellation);
        foreach (var token in new[] { "events:0:0-1", "events:0:0-1", "events:1:0-1" })
        {
            var insert = new ClickHouseInsert(table, "CSV")
            {
                DeduplicationToken = token,
                Settings = new Dictionary<string, string> { ["deduplicate_blocks_in_dependent_materialized_views"] = "1" },
            };
            await Server.InsertAsync(insert, "1,a\n2,b\n"u8.ToArray(), Cancellation);
        }
        Assert.Equal("4\t6", await SumAsync(table));
        Assert.Equal("6", await ReadAsync($"SELECT sum(total) FROM {table}_sums"));
    }

    [Fact]
    public async Task Tenant_sees_its_own_rows_and_changes_nothing()
    {
        var (own, other) = ($"own-{Guid.NewGuid():N}", $"other-{Guid.NewGuid():N}");
        await AddTenantAsync(own);
        await AddTenantAsync(other);
        await Server.InsertAsync(new ClickHouseInsert("millrace.events", "CSV") { Columns = ["tenant", "id"] }, Payloads.Utf8($"{own},1\n{own},2\n{other},3\n"), Cancellation);
        Assert.Equal($"{own}\t2", await ReadAsync(AsTenant("SELECT tenant, count() FROM events GROUP BY tenant")));
        Assert.Equal("0", await ReadAsync(AsTenant($"SELECT count() FROM millrace.events WHERE tenant = '{other}'")));
        Assert.Equal("1", await ReadAsync(AsTenant("SELECT count() FROM events WHERE id = {id:String}") with { Parameters = new Dictionary<string, string> { ["id"] = "2" } }));
        foreach (var sql in new[] { "INSERT INTO events (tenant) VALUES ('x')", "DROP TABLE events", "SELECT * FROM system.processes", "SELECT file('/etc/passwd')", "CREATE TABLE t (a Int8) ENGINE = Memory" })
        {
            var error = await Assert.ThrowsAsync<ClickHouseException>(() => Server.ExecuteAsync(AsTenant(sql), Cancellation));
            Assert.False(error.Retryable);
        }
        Assert.Equal($"{other}\t1", await ReadAsync($"SELECT tenant, count() FROM millrace.events WHERE tenant = '{other}' GROUP BY tenant"));

        ClickHouseQuery AsTenant(string sql) => new(sql) { Format = "TSV", Tenant = own };
    }
}
