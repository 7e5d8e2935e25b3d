using System.Globalization;
using System.Net;
using System.Text;
using Xunit;

namespace Millrace.Ingest.Tests.Requests;

/// <summary>What must be refused is refused with its documented status, costs little, and leaves the service as it was.</summary>
public sealed class HostileInputTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Ndjson = "application/x-ndjson";
    private readonly IngestServer _server = shared.Value;

    public static TheoryData<string, string, int, string> Bodies => new()
    {
        { "", "application/json", 400, "empty_body" },
        { " \n ", "application/json", 400, "empty_body" },
        { "[]", "application/json", 400, "empty_body" },
        { "\n\n", Ndjson, 400, "empty_body" },
        { "", "application/x-protobuf", 400, "empty_body" },
        { "{}", "text/html", 415, "unsupported_media_type" },
        { "{}", "application/x-www-form-urlencoded", 415, "unsupported_media_type" },
        { "{}", "application/json; charset=utf-16", 415, "unsupported_media_type" },
        { "{}", "nonsense", 415, "unsupported_media_type" },
        { "{\"values\":{\"v\":1e999}}", "application/json", 400, "nothing_accepted/value_not_finite" },
        { "{\"id\":\"a\",\"id\":\"b\"}", "application/json", 400, "nothing_accepted/duplicate_field" },
        { "{\"time\":\"2999-01-01T00:00:00Z\"}", "application/json", 400, "nothing_accepted/time_in_future" },
        { "{\"time\":\"1999-01-01T00:00:00Z\"}", "application/json", 400, "nothing_accepted/time_too_old" },
        { "{\"id\":\"\u00ff\"}", "application/json", 400, "nothing_accepted/invalid_utf8" },
        { "\u00ff\u00fe{\0}\0", "application/json", 400, "nothing_accepted/invalid_utf8" },
        { "{", "application/json", 400, "nothing_accepted/invalid_json" },
        { "\u0001\u0002", "application/x-protobuf", 400, "nothing_accepted/invalid_protobuf" },
        { "{\"specversion\":\"1.0\"}", "application/cloudevents+json", 400, "nothing_accepted/invalid_cloudevent" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Post_bad_body_gets_its_status(string body, string contentType, int status, string code)
    {
        var answer = await _server.PostAsync(Encoding.Latin1.GetBytes(body), contentType);
        Assert.Equal((status, code.Split('/')[0]), ((int)answer.Status, answer.Code));
        if (code.Contains('/')) Assert.Equal(code.Split('/')[1], answer.Rejected.Single().Code);
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        await AliveAsync();
    }

    [Fact]
    public async Task Post_without_content_type_is_415_and_lists_what_is_supported()
    {
        var answer = await _server.PostAsync("{}"u8.ToArray(), null);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
        Assert.Contains("application/x-ndjson", answer.Body["supported"]!.AsArray().Select(t => (string)t!));
        Assert.Contains("application/x-protobuf", answer.Headers["Accept"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    [InlineData("deflate")]
    public async Task Post_unsupported_coding_is_415(string coding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ingest") { Content = new StringContent("{}") };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        request.Content.Headers.ContentType = new("application/json");
        var answer = await _server.SendAsync(request);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "gzip, br"), (answer.Status, answer.Headers["Accept-Encoding"]));
    }

    [Theory]
    [InlineData("?stream=No%20Such")]
    [InlineData("?stream=")]
    [InlineData("?stream=a&stream=b")]
    public async Task Post_bad_stream_parameter_is_400(string query) =>
        Assert.Equal((HttpStatusCode.BadRequest, "bad_request"), await StatusAsync("{}", query));

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Post_content_that_is_damaged_or_cut_off_is_400_and_nothing_of_it_counts(string coding)
    {
        var body = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 500).Select(i => $$"""{"id":"{{i}}"}""")));
        var packed = coding == "gzip" ? IngestServer.Gzip(body) : IngestServer.Brotli(body);
        foreach (var broken in new[] { packed[..^1], packed[..^9], packed[..(packed.Length / 2)], "not compressed"u8.ToArray() })
        {
            var answer = await _server.PostAsync(broken, Ndjson, coding: coding);
            Assert.Equal((HttpStatusCode.BadRequest, "bad_request"), (answer.Status, answer.Code));
        }

        Assert.Equal(500, (await _server.PostAsync(packed, Ndjson, coding: coding)).Accepted);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(100_000)]
    public async Task Post_deep_json_is_400(int depth)
    {
        foreach (var body in new[]
        {
            $"{{\"data\":{new string('[', depth)}{new string(']', depth)}}}",
            string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth),
            new string('[', depth) + new string(']', depth),
            new string('[', depth),
        })
        {
            var answer = await _server.PostAsync(body);
            Assert.Equal((HttpStatusCode.BadRequest, "too_deep"), (answer.Status, answer.Rejected.Single().Code));
        }

        await AliveAsync();
    }

    [Fact]
    public async Task Post_10001_events_are_413_and_10000_are_taken()
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{{\"values\":{{\"v\":1}}}}\n");
        var answer = await _server.PostAsync(string.Concat(Enumerable.Repeat(line, 10_001)), Ndjson);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too_large"), (answer.Status, answer.Code));
        Assert.Equal(10_000, (await _server.PostAsync(string.Concat(Enumerable.Repeat(line, 10_000)), Ndjson)).Accepted);
    }

    [Fact]
    public async Task Post_without_or_with_a_wrong_credential_is_401()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ingest") { Content = new StringContent("{}") };
        request.Headers.Authorization = new("Bearer", "mk_nobody_nothing");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.SendAsync(request)).Status);
    }

    private async Task<(HttpStatusCode Status, string Code)> StatusAsync(string body, string query)
    {
        var answer = await _server.PostAsync(body, query: query);
        return (answer.Status, answer.Code);
    }

    private async Task AliveAsync() => Assert.Equal(HttpStatusCode.Accepted, (await _server.PostAsync("{}")).Status);
}
