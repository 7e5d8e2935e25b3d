using Millrace.Ports.ClickHouse;
using Millrace.Testing;
using Xunit;

namespace Millrace.Contract.Suites;

public abstract partial class ClickHouseContract
{
    [Fact]
    public Task Ping_of_a_running_server_returns() => Server.PingAsync(Cancellation);

    [Fact]
    public async Task Every_call_to_no_server_fails_retryably()
    {
        var nowhere = ConnectNowhere();
        Func<Task>[] calls =
        [
            () => nowhere.PingAsync(Cancellation),
            () => nowhere.ExecuteAsync(new ClickHouseQuery("SELECT 1"), Cancellation),
            () => nowhere.QueryAsync(new ClickHouseQuery("SELECT 1"), Cancellation),
            () => nowhere.InsertAsync(new ClickHouseInsert("t", "CSV"), "1\n"u8.ToArray(), Cancellation),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<ClickHouseException>(call);
            Assert.Equal((0, true), (error.Code, error.Retryable));
        }
    }

    [Fact]
    public async Task Query_gives_rows_in_the_format_it_names()
    {
        Assert.Equal("[\"n\", \"s\"]\n[\"UInt64\", \"String\"]\n[0, \"a\"]\n[1, \"a\"]", await ReadAsync(new ClickHouseQuery("SELECT number AS n, 'a' AS s FROM numbers(2)")));
        await using var result = await Server.QueryAsync(new ClickHouseQuery("SELECT 1 AS x") { Format = "CSVWithNames", QueryId = "contract-1" }, Cancellation);
        Assert.Equal(("CSVWithNames", "contract-1"), (result.Format, result.QueryId));
        using var reader = new StreamReader(result.Body);
        Assert.Equal("\"x\"\n1\n", await reader.ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task Parameters_are_plain_text()
    {
        const string hard = "a'b\"c`d\te\nf\rg\\h\\ni\\Nj ü 😀 {x:String}; DROP";
        var query = new ClickHouseQuery("SELECT {s:String} = unhex({h:String}), {n:Int64} + 1, {a:Array(String)}[2], {t:DateTime64(3)}, {i:Identifier} FROM (SELECT 7 AS seven)")
        {
            Format = "TSV",
            Parameters = new Dictionary<string, string>
            {
                ["s"] = hard,
                ["h"] = Convert.ToHexString(Payloads.Utf8(hard)),
                ["n"] = "-5",
                ["a"] = "['x','y\\'z']",
                ["t"] = "2026-01-01 00:00:00.250",
                ["i"] = "seven",
            },
        };
        Assert.Equal("1\t-4\ty\\'z\t2026-01-01 00:00:00.250\t7", await ReadAsync(query));
    }

    [Fact]
    public async Task Settings_hold_for_one_statement()
    {
        var query = new ClickHouseQuery("SELECT getSetting('max_block_size')") { Format = "TSV" };
        Assert.Equal("77", await ReadAsync(query with { Settings = new Dictionary<string, string> { ["max_block_size"] = "77" } }));
        Assert.NotEqual("77", await ReadAsync(query));
    }

    [Fact]
    public async Task Big_result_is_read_as_it_comes()
    {
        await using var result = await Server.QueryAsync(new ClickHouseQuery("SELECT number FROM numbers(3000000)") { Format = "RowBinary" }, Cancellation);
        var buffer = new byte[1 << 16];
        var total = 0L;
        int read;
        while ((read = await result.Body.ReadAsync(buffer, Cancellation)) > 0) total += read;
        Assert.Equal(3_000_000 * sizeof(ulong), total);
    }

    [Theory]
    [InlineData("SELEC", 62)]
    [InlineData("SELECT nope", 47)]
    [InlineData("SELECT * FROM millrace.nope", 60)]
    [InlineData("SELECT throwIf(1, 'on purpose')", 395)]
    public async Task Statement_that_fails_has_the_servers_code(string sql, int code)
    {
        foreach (var call in new Func<Task>[] { () => Server.QueryAsync(new ClickHouseQuery(sql), Cancellation), () => Server.ExecuteAsync(new ClickHouseQuery(sql), Cancellation) })
        {
            var error = await Assert.ThrowsAsync<ClickHouseException>(call);
            Assert.Equal((code, false), (error.Code, error.Retryable));
            Assert.Contains("DB::Exception", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Failure_after_the_first_rows_is_thrown_by_the_reads()
    {
        await using var result = await Server.QueryAsync(
            new ClickHouseQuery("SELECT number, throwIf(number = 4000000, 'too late') FROM numbers(8000000)") { Format = "JSONCompactEachRow" }, Cancellation);
        var error = await Assert.ThrowsAsync<ClickHouseException>(() => result.Body.CopyToAsync(Stream.Null, Cancellation));
        Assert.Equal(395, error.Code);
        Assert.Contains("too late", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_ends_on_the_server_when_it_is_cancelled_or_its_result_disposed()
    {
        var mark = Guid.NewGuid().ToString("N");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var endless = new ClickHouseQuery($"SELECT '{mark}', count() FROM numbers(1000000000000)");
        var running = Server.QueryAsync(endless, cancel.Token);
        await Eventually.TrueAsync(async () => await RunningAsync(mark) == 1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Eventually.TrueAsync(async () => await RunningAsync(mark) == 0);

        var streaming = await Server.QueryAsync(new ClickHouseQuery($"SELECT '{mark}', number FROM numbers(1000000000000)") { Format = "RowBinary" }, Cancellation);
        Assert.Equal(1, await RunningAsync(mark));
        await streaming.DisposeAsync();
        await Eventually.TrueAsync(async () => await RunningAsync(mark) == 0);
    }

    [Fact]
    public async Task Calls_run_side_by_side()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => ReadAsync($"SELECT {n} * 2")));
        Assert.Equal(Enumerable.Range(0, 20).Select(n => $"{n * 2}"), answers);
    }

    private async Task<int> RunningAsync(string mark) =>
        int.Parse(await ReadAsync($"SELECT count() FROM system.processes WHERE query LIKE '%{mark}%' AND query NOT LIKE '%system.processes%'"));
}
