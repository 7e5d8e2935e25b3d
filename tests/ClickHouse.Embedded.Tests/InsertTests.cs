using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

[Collection(ServerCollection.Name)]
public sealed class InsertTests(ServerFixture server)
{
    private int _tables;

    [Theory]
    [InlineData("INSERT INTO {0} VALUES (1, 'a'), (2, 'b')", "2\t3")]
    [InlineData("INSERT INTO {0} VALUES\n(1, 'a'),\n(1 + 1, lower('B'));\n", "2\t3")]
    [InlineData("INSERT INTO {0} (n) VALUES (7)", "1\t7")]
    [InlineData("INSERT INTO {0} FORMAT CSV\n1,a\n2,b\n", "2\t3")]
    [InlineData("INSERT INTO {0} FORMAT CSV 1,a\n2,b", "2\t3")]
    [InlineData("INSERT INTO {0} (s, n) FORMAT JSONEachRow {{\"n\":1}}{{\"n\":4,\"s\":\"x\"}}", "2\t5")]
    [InlineData("INSERT INTO {0} SETTINGS input_format_csv_skip_first_lines = 1 FORMAT CSV\nn,s\n3,c\n", "1\t3")]
    [InlineData("/* hello */ insert into table {0} format TSV\n5\te\n", "1\t5")]
    [InlineData("INSERT INTO {0} SELECT number, 'x' FROM numbers(3)", "3\t3")]
    [InlineData("INSERT INTO {0} FORMAT CSV\n", "0\t0")]
    public async Task Data_follows_the_statement(string statement, string expected)
    {
        var table = await CreateAsync();
        await server.Administrator.QueryAsync(string.Format(statement, table));
        Assert.Equal(expected, await SumAsync(table));
    }

    [Theory]
    [InlineData("INSERT INTO {0} FORMAT CSV", "1,a\n2,b\n", "2\t3")]
    [InlineData("INSERT INTO {0} FORMAT", "CSV\n1,a\n2,b\n", "2\t3")]
    [InlineData("INSERT INTO {0}", "VALUES (1, 'a')", "1\t1")]
    [InlineData("INSERT INTO {0} VALUES", "(1, 'a')", "1\t1")]
    public async Task Statement_is_in_the_url_and_data_in_the_body(string statement, string body, string expected)
    {
        var table = await CreateAsync();
        var answer = await server.Administrator.InsertAsync(string.Format(statement, table), Encoding.UTF8.GetBytes(body));
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        Assert.Equal(expected, await SumAsync(table));
    }

    [Fact]
    public async Task Statement_and_binary_data_come_in_one_body()
    {
        var table = await CreateAsync();
        var rows = (await server.Administrator.SendAsync("SELECT number, repeat('\n', number) FROM numbers(5000) FORMAT RowBinary")).Bytes;
        var answer = await server.Administrator.SendAsync(new ByteArrayContent([.. Encoding.UTF8.GetBytes($"INSERT INTO {table} FORMAT RowBinary\n"), .. rows]), "");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        Assert.Equal("5000\t12497500", await SumAsync(table));
    }

    [Fact]
    public async Task Compressed_data_is_read()
    {
        var table = await CreateAsync();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) await gzip.WriteAsync("1,a\n2,b\n"u8.ToArray());
        await server.Administrator.InsertAsync($"INSERT INTO {table} FORMAT CSV", packed.ToArray(), encoding: "gzip");
        Assert.Equal("2\t3", await SumAsync(table));
    }

    [Theory]
    [InlineData("INSERT INTO {0} FORMAT CSV\n1,a\nx,b\n", "27")]
    [InlineData("INSERT INTO {0} (nope) FORMAT CSV\n1\n", "16")]
    [InlineData("INSERT INTO nope.nope FORMAT CSV\n1\n", "81")]
    [InlineData("INSERT INTO {0} FORMAT Nonsense\n1\n", "73")]
    [InlineData("INSERT INTO {0} FORMAT JSONEachRow\n{{\"n\":", null)]
    [InlineData("INSERT INTO {0} FORMAT RowBinary\nabc", null)]
    public async Task Wrong_data_is_an_error_and_stores_nothing(string statement, string? code)
    {
        var table = await CreateAsync();
        var answer = await server.Administrator.SendAsync(string.Format(statement, table));
        Assert.NotEqual(HttpStatusCode.OK, answer.Status);
        if (code is not null) Assert.Equal(code, answer.Header("X-ClickHouse-Exception-Code"));
        Assert.Equal("0\t0", await SumAsync(table));
    }

    [Fact]
    public async Task Big_batch_is_stored_whole()
    {
        var table = await CreateAsync();
        var rows = (await server.Administrator.SendAsync("SELECT number AS n, toString(number) AS s FROM numbers(3000000) FORMAT Native")).Bytes;
        var answer = await server.Administrator.InsertAsync($"INSERT INTO {table} FORMAT Native", rows);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        Assert.Equal("3000000\t4499998500000", await SumAsync(table));
    }

    [Fact]
    public async Task Token_of_an_earlier_batch_stores_nothing_in_table_and_views()
    {
        var table = await CreateAsync("SETTINGS non_replicated_deduplication_window = 100");
        await server.Administrator.QueryAsync($"CREATE TABLE {table}_sums (parity UInt64, rows SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY parity SETTINGS non_replicated_deduplication_window = 100");
        await server.Administrator.QueryAsync($"CREATE MATERIALIZED VIEW {table}_view TO {table}_sums AS SELECT n % 2 AS parity, count() AS rows FROM {table} GROUP BY parity");
        foreach (var (token, body) in new[] { ("t:0:0-9", "1,a\n2,b\n"), ("t:0:0-9", "1,a\n2,b\n"), ("t:0:10-19", "1,a\n2,b\n"), ("t:0:10-19", "9,z\n") })
        {
            var answer = await server.Administrator.InsertAsync(
                $"INSERT INTO {table} FORMAT CSV", Encoding.UTF8.GetBytes(body), $"insert_deduplication_token={Uri.EscapeDataString(token)}&deduplicate_blocks_in_dependent_materialized_views=1");
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        }
        Assert.Equal("4\t6", await SumAsync(table));
        Assert.Equal("0\t2\n1\t2", await server.Administrator.QueryAsync($"SELECT parity, sum(rows) FROM {table}_sums GROUP BY parity ORDER BY parity"));
    }

    [Fact]
    public async Task Body_that_breaks_off_stores_nothing()
    {
        var table = await CreateAsync();
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync("127.0.0.1", server.Server.Port);
            var head = $"POST /?query={Uri.EscapeDataString($"INSERT INTO {table} FORMAT CSV")} HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: millrace\r\nX-ClickHouse-Key: {ServerProcess.Secret}\r\nContent-Length: 1000\r\n\r\n1,a\n2,b\n";
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        }
        // The insert holds its session until the server has noticed; afterwards the table can be dropped at once.
        await Eventually.TrueAsync(async () => await server.Administrator.QueryAsync($"SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO {table}%'") == "0");
        Assert.Equal("0\t0", await SumAsync(table));
    }

    [Fact]
    public async Task Tenant_cannot_insert()
    {
        var answer = await server.Alice.InsertAsync("INSERT INTO events FORMAT CSV", "1\n"u8.ToArray());
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
    }

    private async Task<string> CreateAsync(string more = "")
    {
        var table = $"insert_{Guid.NewGuid():N}_{_tables++}";
        await server.Administrator.QueryAsync($"CREATE TABLE {table} (n UInt64, s String) ENGINE = MergeTree ORDER BY n {more}");
        return table;
    }

    private Task<string> SumAsync(string table) => server.Administrator.QueryAsync($"SELECT count(), sum(n) FROM {table}");
}
