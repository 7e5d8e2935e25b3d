using System.Text;
using Millrace.Ingest.Formats;
using Xunit;

namespace Millrace.Ingest.Tests.Formats;

public sealed class CloudEventTests
{
    private const string Required = "\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"/till/3\",\"type\":\"com.shop.purchase\"";

    [Fact]
    public void Structured_attributes_become_fields_and_extensions_become_dims()
    {
        var e = Structured(
            """
            {"specversion":"1.0","id":"e1","source":"/till/3","type":"com.shop.purchase","time":"2026-01-31T12:00:01Z","stream":"orders","subject":"o-7",
             "region":"eu","attempt":2,"test":false,"datacontenttype":"application/json; charset=utf-8","traceparent":"00-a-b-01","nothing":null,
             "data":{"values":{"amount":9.5},"dims":{"country":"DE"},"geo":{"lat":1,"lon":2}}}
            """).Single;
        Assert.Equal(("e1", "/till/3", "com.shop.purchase", "acme/orders", Parsed.Now + 1000), (e.Id, e.Source, e.Type, e.Key, e.TimeMs));
        Assert.Equal([("subject", "o-7"), ("region", "eu"), ("attempt", "2"), ("test", "false"), ("country", "DE")], e.Dims);
        Assert.Equal([("amount", 9.5)], e.Values);
        Assert.Equal((1, 2), e.Geo);
        Assert.Null(e.Data);
    }

    [Theory]
    [InlineData("""{"values":{"v":1},"order":7}""", true, 1)]
    [InlineData("""{"order":7}""", true, 0)]
    [InlineData("""{}""", true, 0)]
    [InlineData("""{"values":[1,2],"dims":"x"}""", true, 0)]
    [InlineData("""{"values":{"v":1},"dims":null}""", false, 1)]
    [InlineData("""[1,{"values":{"v":1}}]""", true, 0)]
    [InlineData("\"text\"", true, 0)]
    public void Structured_data_that_is_more_than_ours_is_kept_whole(string data, bool kept, int values)
    {
        var e = Structured($$"""{{{Required}},"data":{{data}}}""").Single;
        Assert.Equal(kept ? data : null, e.Data);
        Assert.Equal(values, e.Values.Count);
    }

    [Fact]
    public void Structured_base64_is_kept_as_a_string()
    {
        var e = Structured($$"""{{{Required}},"datacontenttype":"image/png","data_base64":"iVBO\/w=="}""").Single;
        Assert.Equal("\"iVBO\\/w==\"", e.Data);
        Assert.Equal([("datacontenttype", "image/png")], e.Dims);
    }

    [Theory]
    [InlineData("""{"id":"e1","source":"s","type":"t"}""", "invalid_cloudevent", "specversion")]
    [InlineData("""{"specversion":"0.3","id":"e1","source":"s","type":"t"}""", "invalid_cloudevent", "specversion")]
    [InlineData("""{"specversion":"1.0","source":"s","type":"t"}""", "invalid_cloudevent", "id")]
    [InlineData("""{"specversion":"1.0","id":null,"source":"s","type":"t"}""", "invalid_cloudevent", "id")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"","type":"t"}""", "invalid_cloudevent", "source")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s"}""", "invalid_cloudevent", "type")]
    [InlineData("""{"specversion":"1.0","id":7,"source":"s","type":"t"}""", "wrong_type", "id")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","time":1769860800000}""", "wrong_type", "time")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","time":"noon"}""", "invalid_time", "time")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","Region":"eu"}""", "invalid_cloudevent", "Region")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","dims":{"a":"b"}}""", "invalid_cloudevent", "dims")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","id":"e2"}""", "duplicate_field", "id")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","region":"a","region":"b"}""", "duplicate_field", "dims.region")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","region":"a","data":{"dims":{"region":"b"}}}""", "duplicate_field", "data.dims.region")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","data":{"values":{"v":"1"}}}""", "wrong_type", "data.values.v")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","data":{"values":{},"values":{}}}""", "duplicate_field", "data.values")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","data":1,"data_base64":"AA=="}""", "invalid_cloudevent", "data_base64")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","data_base64":"not base64"}""", "invalid_cloudevent", "data_base64")]
    [InlineData("""{"specversion":"1.0","id":"e1","source":"s","type":"t","data_base64":7}""", "wrong_type", "data_base64")]
    [InlineData("""[{"specversion":"1.0"}]""", "wrong_type", "")]
    public void Structured_broken_rule_is_named(string body, string code, string field)
    {
        var refused = Structured(body).Refused;
        Assert.Equal((code, field), (refused.Fault.Code.Code, refused.Fault.Field));
    }

    [Fact]
    public void Batch_elements_are_judged_for_themselves()
    {
        var parsed = Parsed.Of(
            BodyFormat.CloudEventBatch,
            "[{" + Required + """},{"specversion":"1.0","id":"e2"},{"specversion":"1.0","id":"e3","source":"s","type":"t","data":{"dims":{"a":1}}},{"specversion":"1.0","id":"e4","source":"s","type":"t"}]""");
        Assert.Equal(["e1", "e4"], parsed.Events.Select(e => e.Id));
        Assert.Equal([(1, "e2"), (2, "e3")], parsed.Rejections.Select(r => (r.Index, r.Id!)));
    }

    [Fact]
    public void Batch_that_is_one_event_says_what_to_send() =>
        Assert.Contains("application/cloudevents+json", Parsed.Of(BodyFormat.CloudEventBatch, "{}").Refused.Fault.Message, StringComparison.Ordinal);

    [Fact]
    public void Binary_headers_become_fields_and_the_body_data()
    {
        var e = Parsed.Binary(
            "application/json",
            "{\"values\":{\"v\":1.5},\"note\":\"x\"}"u8.ToArray(),
            ("Ce-SpecVersion", "1.0"),
            ("ce-id", "e%201"),
            ("ce-source", "\"/till \\\"3\\\"\""),
            ("ce-type", "t"),
            ("ce-time", "2026-01-31T13:00:00+01:00"),
            ("ce-stream", "orders"),
            ("ce-region", "K%C3%B6ln"),
            ("x-other", "ignored")).Single;
        Assert.Equal(("e 1", "/till \"3\"", "t", "acme/orders", Parsed.Now), (e.Id, e.Source, e.Type, e.Key, e.TimeMs));
        Assert.Equal([("region", "Köln")], e.Dims);
        Assert.Equal([("v", 1.5)], e.Values);
        Assert.Equal("{\"values\":{\"v\":1.5},\"note\":\"x\"}", e.Data);
    }

    [Theory]
    [InlineData("text/plain", "a \"b\"", "\"a \\u0022b\\u0022\"")]
    [InlineData("application/xml", "<a/>", "\"\\u003Ca/\\u003E\"")]
    [InlineData("application/octet-stream", "ab", "\"YWI=\"")]
    [InlineData(null, "ab", "\"YWI=\"")]
    [InlineData("application/json", "", null)]
    [InlineData("application/vnd.x+json", "[1]", "[1]")]
    public void Binary_data_is_kept_as_the_json_format_would_have_it(string? contentType, string body, string? data)
    {
        var e = Parsed.Binary(contentType, Encoding.UTF8.GetBytes(body), ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t")).Single;
        Assert.Equal(data, e.Data);
        Assert.Equal(contentType is null || contentType.EndsWith("json", StringComparison.Ordinal) ? [] : [("datacontenttype", contentType)], e.Dims);
    }

    [Theory]
    [InlineData("application/json", "{", "invalid_json", "data")]
    [InlineData("application/json", "{} {}", "invalid_json", "data")]
    [InlineData("text/plain", "\u00ff", "invalid_utf8", "data")]
    public void Binary_broken_data_is_named(string contentType, string body, string code, string field)
    {
        var refused = Parsed.Binary(contentType, Encoding.Latin1.GetBytes(body), ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t")).Refused;
        Assert.Equal((code, field, "1"), (refused.Fault.Code.Code, refused.Fault.Field, refused.Id));
    }

    [Fact]
    public void Binary_refused_event_is_restated_with_its_attributes()
    {
        var refused = Parsed.Binary("application/json", "{\"a\":1}"u8.ToArray(), ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-type", "t")).Refused;
        Assert.Equal(("invalid_cloudevent", "source"), (refused.Fault.Code.Code, refused.Fault.Field));
        Assert.Equal(
            """{"id":"1","specversion":"1.0","type":"t","datacontenttype":"application/json","data_base64":"eyJhIjoxfQ=="}""",
            Encoding.UTF8.GetString(refused.Restated!));
    }

    private static Parsed Structured(string body) => Parsed.Of(BodyFormat.CloudEvent, body);
}
