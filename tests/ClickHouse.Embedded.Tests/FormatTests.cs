using System.Text.Json;
using Millrace.ClickHouse.Embedded.Tests.Support;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>Every format is one document, small or big, and what is written in a format can be read from it.</summary>
[Collection(ServerCollection.Name)]
public sealed class FormatTests(ServerFixture server)
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(1_000_000)]
    public async Task Json_is_one_document(int rows)
    {
        var answer = await server.Administrator.SendAsync($"SELECT number AS n, toString(number) AS s FROM numbers({rows}) FORMAT JSON");
        using var json = JsonDocument.Parse(answer.Bytes);
        Assert.Equal(rows, json.RootElement.GetProperty("rows").GetInt64());
        Assert.Equal(rows, json.RootElement.GetProperty("data").GetArrayLength());
        Assert.Equal("n", json.RootElement.GetProperty("meta")[0].GetProperty("name").GetString());
        Assert.True(json.RootElement.TryGetProperty("statistics", out _));
    }

    [Fact]
    public async Task Json_has_totals_and_extremes()
    {
        var text = await server.Administrator.QueryAsync("SELECT number % 2 AS k, count() AS c FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k FORMAT JSONCompact", "extremes=1");
        using var json = JsonDocument.Parse(text);
        Assert.Equal(10, json.RootElement.GetProperty("totals")[1].GetInt64());
        Assert.Equal(1, json.RootElement.GetProperty("extremes").GetProperty("max")[0].GetInt64());
    }

    [Theory]
    [InlineData("CSVWithNames", 600_000, "n\",\"s")]
    [InlineData("TSVWithNamesAndTypes", 600_000, "UInt64\tString")]
    [InlineData("JSONCompactEachRowWithNamesAndTypes", 600_000, "[\"UInt64\", \"String\"]")]
    public async Task Header_is_written_once(string format, int rows, string header)
    {
        var text = await server.Administrator.QueryAsync($"SELECT number AS n, toString(number) AS s FROM numbers({rows}) FORMAT {format}");
        Assert.Equal(text.IndexOf(header, StringComparison.Ordinal), text.LastIndexOf(header, StringComparison.Ordinal));
        Assert.Contains(header, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RowBinary")]
    [InlineData("RowBinaryWithNamesAndTypes")]
    [InlineData("Native")]
    [InlineData("JSONEachRow")]
    [InlineData("JSONCompactEachRow")]
    [InlineData("JSON")]
    [InlineData("CSV")]
    [InlineData("CSVWithNames")]
    [InlineData("TabSeparated")]
    [InlineData("Values")]
    [InlineData("Parquet")]
    [InlineData("Arrow")]
    [InlineData("ArrowStream")]
    [InlineData("Avro")]
    [InlineData("ORC")]
    [InlineData("MsgPack")]
    public async Task Rows_go_out_and_in_again(string format)
    {
        var client = server.Administrator;
        await client.QueryAsync($"CREATE TABLE round_{format} (n UInt64, s String, a Array(Float64), t DateTime64(3)) ENGINE = MergeTree ORDER BY n");
        var select = $"SELECT number AS n, concat('s ', toString(number)) AS s, [number / 4, toFloat64(number)] AS a, toDateTime64(number, 3) AS t FROM numbers(200000) ORDER BY n";
        var data = await client.SendAsync($"{select} FORMAT {format}");
        var inserted = await client.InsertAsync($"INSERT INTO round_{format} (n, s, a, t) FORMAT {format}", data.Bytes);
        Assert.True(inserted.Status == System.Net.HttpStatusCode.OK, inserted.Text);
        Assert.Equal(await client.QueryAsync($"SELECT count(), sum(cityHash64(n, s, a)) FROM ({select})"), await client.QueryAsync($"SELECT count(), sum(cityHash64(n, s, a)) FROM round_{format}"));
        Assert.Contains("\"written_rows\":\"200000\"", inserted.Header("X-ClickHouse-Summary"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Big_result_does_not_grow_the_memory()
    {
        await server.Administrator.QueryAsync("SELECT number, toString(number) FROM numbers(1000000) FORMAT JSON");
        var before = server.Server.ResidentBytes();
        using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = new StringContent("SELECT number, toString(number) AS s FROM numbers(10000000) FORMAT JSON") };
        using var answer = await server.Administrator.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[1 << 20];
        long total = 0, most = 0;
        int read;
        while ((read = await body.ReadAsync(buffer)) > 0)
        {
            total += read;
            if (total / (64 << 20) != (total - read) / (64 << 20)) most = Math.Max(most, server.Server.ResidentBytes());
        }
        Assert.True(total > 400_000_000, $"{total} bytes");
        Assert.True(most - before < 150_000_000, $"From {before} to {most} bytes");
    }

    [Fact]
    public async Task Empty_result_has_an_empty_body()
    {
        Assert.Empty((await server.Administrator.SendAsync("SELECT 1 WHERE 0")).Bytes);
        Assert.Empty((await server.Administrator.SendAsync("SELECT 1 FORMAT Null")).Bytes);
    }
}
