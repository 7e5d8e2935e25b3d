using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Millrace.ClickHouse.Embedded.Tests.Support;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>What a client of a ClickHouse server counts on.</summary>
[Collection(ServerCollection.Name)]
public sealed class HttpSurfaceTests(ServerFixture server)
{
    [Theory]
    [InlineData("/ping")]
    [InlineData("/replicas_status")]
    [InlineData("/")]
    public async Task Health_is_answered_without_credentials(string path)
    {
        using var client = new HttpClient();
        Assert.Equal("Ok.\n", await client.GetStringAsync(new Uri(server.Server.Endpoint, path)));
    }

    [Fact]
    public async Task Unknown_path_is_404()
    {
        using var answer = await server.Administrator.Client.GetAsync(new Uri(server.Server.Endpoint, "/nothing"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.StartsWith("There is no handle /nothing", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT 1", "")]
    [InlineData("", "query=SELECT%201")]
    [InlineData("ECT 1", "query=SEL%2F**%2FECT%201%20--")]
    [InlineData(", 1", "query=SELECT%201")]
    public async Task Statement_comes_in_the_url_and_the_body(string body, string parameters)
    {
        var answer = await server.Administrator.SendAsync(body, parameters);
        if (parameters.Contains("SEL%2F", StringComparison.Ordinal)) Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        else Assert.StartsWith("1", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_reads_and_does_not_write()
    {
        Assert.Equal("2\n", await server.Administrator.Client.GetStringAsync("?query=SELECT%201%2B1"));
        using var answer = await server.Administrator.Client.GetAsync("?query=CREATE%20TABLE%20x%20(a%20Int8)%20ENGINE%3DMemory");
        Assert.Equal("164", answer.Headers.GetValues("X-ClickHouse-Exception-Code").Single());
    }

    [Fact]
    public async Task Headers_are_those_of_a_server()
    {
        var answer = await server.Administrator.SendAsync("SELECT number FROM numbers(10) FORMAT JSONEachRow", "query_id=my-query");
        Assert.Equal("my-query", answer.Header("X-ClickHouse-Query-Id"));
        Assert.Equal("JSONEachRow", answer.Header("X-ClickHouse-Format"));
        Assert.Equal("UTC", answer.Header("X-ClickHouse-Timezone"));
        Assert.Equal(16, answer.Header("X-ClickHouse-Exception-Tag").Length);
        var summary = JsonDocument.Parse(answer.Header("X-ClickHouse-Summary")).RootElement;
        Assert.Equal("10", summary.GetProperty("read_rows").GetString());
        Assert.Equal("10", summary.GetProperty("result_rows").GetString());
        Assert.Equal("application/x-ndjson", answer.ContentHeaders.ContentType?.MediaType);
        Assert.True(Guid.TryParse((await server.Administrator.SendAsync("SELECT 1")).Header("X-ClickHouse-Query-Id"), out _));
    }

    [Fact]
    public async Task Database_settings_parameters_and_default_format_apply()
    {
        Assert.Equal("millrace", await server.Administrator.QueryAsync("SELECT currentDatabase()", "database=millrace"));
        Assert.Equal("1\t7", await server.Administrator.QueryAsync("SELECT getSetting('max_threads'), getSetting('max_block_size')", "max_threads=1&max_block_size=7"));
        Assert.Equal("[3, \"a'b\\n\"]", await server.Administrator.QueryAsync("SELECT {n:UInt8} + 1, {s:String}", "param_n=2&param_s=a'b%5Cn&default_format=JSONCompactEachRow"));
        Assert.Equal("x\n1", await server.Administrator.QueryAsync("SELECT 1 AS x", "default_format=TSVWithNames"));
    }

    [Fact]
    public async Task Settings_of_one_request_do_not_reach_the_next()
    {
        await server.Administrator.QueryAsync("SELECT 1", "max_threads=1");
        await server.Administrator.QueryAsync("SET max_block_size = 3");
        Assert.NotEqual("3", await server.Administrator.QueryAsync("SELECT getSetting('max_block_size')"));
    }

    [Theory]
    [InlineData("SELECT nope", 404, "47", "UNKNOWN_IDENTIFIER")]
    [InlineData("SELECT * FROM millrace.nope", 404, "60", "UNKNOWN_TABLE")]
    [InlineData("SELECT nope()", 404, "46", "UNKNOWN_FUNCTION")]
    [InlineData("SELEC", 400, "62", "SYNTAX_ERROR")]
    [InlineData("SELECT 1; SELECT 2", 400, "62", "Multi-statements are not allowed")]
    [InlineData("SELECT toInt32('x')", 400, "6", "CANNOT_PARSE_TEXT")]
    [InlineData("SELECT throwIf(1)", 500, "395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO")]
    [InlineData("SELECT 1 FORMAT Nonsense", 404, "73", "UNKNOWN_FORMAT")]
    [InlineData("SELECT 1 INTO OUTFILE '/tmp/millrace-outfile'", 500, "358", "INTO_OUTFILE_NOT_ALLOWED")]
    [InlineData("SELECT count() FROM numbers(1000000000000) SETTINGS max_execution_time = 1", 408, "159", "TIMEOUT_EXCEEDED")]
    public async Task Error_has_its_code_status_and_text(string sql, int status, string code, string text)
    {
        var answer = await server.Administrator.SendAsync(sql);
        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(code, answer.Header("X-ClickHouse-Exception-Code"));
        Assert.StartsWith($"Code: {code}. DB::Exception: ", answer.Text, StringComparison.Ordinal);
        Assert.Contains(text, answer.Text, StringComparison.Ordinal);
        Assert.Matches(@"\(version 26\.7\.[0-9.]+\)\n$", answer.Text);
    }

    [Theory]
    [InlineData("SELECT 1", "nonsense=1", "115")]
    [InlineData("SELECT 1", "max_threads=x", null)]
    [InlineData("SELECT {x:UInt8}", "", "456")]
    [InlineData("SELECT {x:UInt8}", "param_x=a", "457")]
    [InlineData("SELECT 1", "database=nope", "81")]
    [InlineData("SELECT 1", "compress=1", "48")]
    [InlineData("SELECT 1", "decompress=1", "48")]
    [InlineData("SELECT 1", "role=admin", "48")]
    [InlineData("SELECT 1", "query_id=%0A", "36")]
    public async Task Wrong_parameter_is_an_error(string sql, string parameters, string? code)
    {
        var answer = await server.Administrator.SendAsync(sql, parameters);
        Assert.NotEqual(HttpStatusCode.OK, answer.Status);
        Assert.NotEmpty(answer.Header("X-ClickHouse-Exception-Code"));
        if (code is not null) Assert.Equal(code, answer.Header("X-ClickHouse-Exception-Code"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Result_is_compressed_when_asked(string encoding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "?enable_http_compression=1") { Content = new StringContent("SELECT toString(number) FROM numbers(500000)") };
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(encoding));
        using var answer = await server.Administrator.Client.SendAsync(request);
        Assert.Equal([encoding], answer.Content.Headers.ContentEncoding);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await using Stream plain = encoding switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            _ => new BrotliStream(body, CompressionMode.Decompress),
        };
        using var reader = new StreamReader(plain, Encoding.UTF8);
        var lines = 0;
        string? last = null;
        while (await reader.ReadLineAsync() is { } line)
        {
            lines++;
            last = line;
        }
        Assert.Equal((500_000, "499999"), (lines, last));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Request_may_be_compressed(string encoding)
    {
        using var buffer = new MemoryStream();
        await using (Stream packed = encoding switch
        {
            "gzip" => new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(buffer, CompressionLevel.Fastest, leaveOpen: true),
            _ => new BrotliStream(buffer, CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            await packed.WriteAsync("SELECT 1 + 1"u8.ToArray());
        }
        var content = new ByteArrayContent(buffer.ToArray());
        content.Headers.ContentEncoding.Add(encoding);
        Assert.Equal("2\n", (await server.Administrator.SendAsync(content, "")).Text);
    }

    [Theory]
    [InlineData("gzip", "271")]
    [InlineData("br", "271")]
    [InlineData("zstd", "48")]
    public async Task Request_that_does_not_decompress_is_an_error(string encoding, string code)
    {
        var content = new ByteArrayContent("SELECT 1, this is not compressed at all"u8.ToArray());
        content.Headers.ContentEncoding.Add(encoding);
        Assert.Equal(code, (await server.Administrator.SendAsync(content, "")).Header("X-ClickHouse-Exception-Code"));
    }

    [Fact]
    public async Task Late_error_comes_after_the_rows_and_the_body_stays_incomplete()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = new StringContent("SELECT throwIf(number = 5000000, 'too late') FROM numbers(10000000) FORMAT JSONEachRow") };
        using var answer = await server.Administrator.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var tag = answer.Headers.GetValues("X-ClickHouse-Exception-Tag").Single();
        await using var body = await answer.Content.ReadAsStreamAsync();
        var tail = "";
        var buffer = new byte[1 << 16];
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            int read;
            while ((read = await body.ReadAsync(buffer)) > 0)
            {
                tail += Encoding.UTF8.GetString(buffer, 0, read);
                tail = tail[Math.Max(0, tail.Length - 1000)..];
            }
        });
        Assert.Matches($@"\r\n__exception__\r\n{tag}\r\nCode: 395\. DB::Exception: too late[^\r]*\(version [0-9.]+\)\n[0-9]+ {tag}\r\n__exception__\r\n$", tail);
    }

    [Fact]
    public async Task Late_error_has_its_status_when_the_client_waits_for_the_end()
    {
        var answer = await server.Administrator.SendAsync("SELECT throwIf(number = 5000000) FROM numbers(10000000) FORMAT JSONEachRow", "wait_end_of_query=1");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.StartsWith("Code: 395", answer.Text, StringComparison.Ordinal);
        Assert.Equal(2_000_000, (await server.Administrator.SendAsync("SELECT 1 FROM numbers(1000000)", "wait_end_of_query=1")).Bytes.Length);
    }
}
