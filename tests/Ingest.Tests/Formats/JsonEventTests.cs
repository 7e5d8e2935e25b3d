using System.Text;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Xunit;

namespace Millrace.Ingest.Tests.Formats;

public sealed class JsonEventTests
{
    private const string Full =
        """
        {"id":"e1","source":"till-3","stream":"shop.eu","type":"purchase","time":"2026-01-31T11:59:59.5Z","dims":{"country":"DE","device":"mobile"},
         "values":{"amount":19.9,"items":3},"geo":{"lat":52.5,"lon":13.4},"data":{ "note" : [1,  2] }}
        """;

    [Fact]
    public void Read_every_field_stands_on_the_log()
    {
        var e = Parsed.Json(Full, stream: "other").Single;
        Assert.Equal(("acme/shop.eu", "acme", "e1", "till-3", "shop.eu", "purchase"), (e.Key, e.Tenant, e.Id, e.Source, e.Stream, e.Type));
        Assert.Equal((Parsed.Now - 500, Parsed.Now), (e.TimeMs, e.ReceivedAtMs));
        Assert.Equal([("country", "DE"), ("device", "mobile")], e.Dims);
        Assert.Equal([("amount", 19.9), ("items", 3)], e.Values);
        Assert.Equal((52.5, 13.4), e.Geo);
        Assert.Equal("""{ "note" : [1,  2] }""", e.Data);
    }

    [Fact]
    public void Read_nothing_but_defaults()
    {
        var e = Parsed.Json("{}").Single;
        Assert.Equal(("acme/shop", "shop", "event", "", Parsed.Now), (e.Key, e.Stream, e.Type, e.Source, e.TimeMs));
        Assert.Equal(7, Guid.Parse(e.Id).Version);
        Assert.Empty(e.Dims);
        Assert.Null(e.Data);
        Assert.Null(e.Geo);
    }

    [Fact]
    public void Read_null_fields_count_as_absent()
    {
        var e = Parsed.Json(
            """{"id":null,"source":null,"stream":null,"type":null,"time":null,"dims":{"a":null,"b":"x"},"values":{"v":null},"geo":null,"data":null}""").Single;
        Assert.Equal(("shop", "event", Parsed.Now), (e.Stream, e.Type, e.TimeMs));
        Assert.Equal([("b", "x")], e.Dims);
        Assert.Empty(e.Values);
        Assert.Null(e.Data);
    }

    [Fact]
    public void Read_ids_made_here_are_unique_and_sort_in_the_order_of_the_request()
    {
        var ids = Parsed.Json("[" + string.Join(',', Enumerable.Repeat("{}", 1000)) + "]").Events.Select(e => e.Id).ToList();
        Assert.Equal(ids.Distinct().Order(StringComparer.Ordinal), ids);
        Assert.All(ids, id => Assert.Equal(Parsed.Now, Convert.ToInt64(id[..13].Replace("-", ""), 16)));
    }

    [Theory]
    [InlineData("\"2026-01-31T12:00:00Z\"", 0)]
    [InlineData("\"2026-01-31t12:00:00z\"", 0)]
    [InlineData("\"2026-01-31 13:00:00+01:00\"", 0)]
    [InlineData("\"2026-01-31T06:30:00-05:30\"", 0)]
    [InlineData("\"2026-01-31T11:59:59.123456789Z\"", -877)]
    [InlineData("\"2026-01-31T11:59:60Z\"", 0)]
    [InlineData("1769860800000", 0)]
    [InlineData("1769860800000.9", 0)]
    [InlineData("1.7698608e12", 0)]
    public void Time_in_every_form_is_read(string time, long fromNow) =>
        Assert.Equal(Parsed.Now + fromNow, Parsed.Json($$"""{"time":{{time}}}""").Single.TimeMs);

    [Theory]
    [InlineData("""{"id":""}""", "invalid_name", "id")]
    [InlineData("""{"type":""}""", "invalid_name", "type")]
    [InlineData("""{"id":7}""", "wrong_type", "id")]
    [InlineData("""{"id":"a\u0000b"}""", "invalid_name", "id")]
    [InlineData("""{"type":"a\nb"}""", "invalid_name", "type")]
    [InlineData("""{"stream":"Shop"}""", "invalid_name", "stream")]
    [InlineData("""{"stream":"-shop"}""", "invalid_name", "stream")]
    [InlineData("""{"stream":""}""", "invalid_name", "stream")]
    [InlineData("""{"stream":"a/b"}""", "invalid_name", "stream")]
    [InlineData("""{"stream":["a"]}""", "wrong_type", "stream")]
    [InlineData("""{"time":"yesterday"}""", "invalid_time", "time")]
    [InlineData("""{"time":"2026-02-30T00:00:00Z"}""", "invalid_time", "time")]
    [InlineData("""{"time":"2026-01-31T12:00:00"}""", "invalid_time", "time")]
    [InlineData("""{"time":"2026-01-31T24:00:00Z"}""", "invalid_time", "time")]
    [InlineData("""{"time":"2026-01-31T12:00:00.Z"}""", "invalid_time", "time")]
    [InlineData("""{"time":true}""", "wrong_type", "time")]
    [InlineData("""{"time":1e999}""", "invalid_time", "time")]
    [InlineData("""{"time":"2026-01-24T11:59:59.999Z"}""", "time_too_old", "time")]
    [InlineData("""{"time":1769860800}""", "time_too_old", "time")]
    [InlineData("""{"time":"2026-01-31T12:05:00.001Z"}""", "time_in_future", "time")]
    [InlineData("""{"dims":[]}""", "wrong_type", "dims")]
    [InlineData("""{"dims":{"a":1}}""", "wrong_type", "dims.a")]
    [InlineData("""{"dims":{"":"x"}}""", "invalid_name", "dims")]
    [InlineData("""{"dims":{"a":"x","b":"y","a":"z"}}""", "duplicate_field", "dims.a")]
    [InlineData("""{"dims":{"a":"x","\u0061":"z"}}""", "duplicate_field", "dims.a")]
    [InlineData("""{"dims":{"a":"\u0000"}}""", "invalid_name", "dims.a")]
    [InlineData("""{"dims":{"a":"\ud800"}}""", "invalid_utf8", "dims.a")]
    [InlineData("""{"dims":{"a":"\ud800\ud800"}}""", "invalid_utf8", "dims.a")]
    [InlineData("""{"dims":{"\udc00":"x"}}""", "invalid_utf8", "dims")]
    [InlineData("""{"values":{"v":"1"}}""", "wrong_type", "values.v")]
    [InlineData("""{"values":{"v":1e999}}""", "value_not_finite", "values.v")]
    [InlineData("""{"values":{"v":-1e999}}""", "value_not_finite", "values.v")]
    [InlineData("""{"values":{"v":1,"v":2}}""", "duplicate_field", "values.v")]
    [InlineData("""{"values":7}""", "wrong_type", "values")]
    [InlineData("""{"geo":{"lat":91,"lon":0}}""", "invalid_geo", "geo")]
    [InlineData("""{"geo":{"lat":0,"lon":-180.5}}""", "invalid_geo", "geo")]
    [InlineData("""{"geo":{"lat":0}}""", "missing_field", "geo")]
    [InlineData("""{"geo":{"lat":0,"lon":0,"alt":3}}""", "unknown_field", "geo.alt")]
    [InlineData("""{"geo":{"lat":0,"lat":1,"lon":0}}""", "duplicate_field", "geo.lat")]
    [InlineData("""{"geo":{"lat":"0","lon":0}}""", "wrong_type", "geo.lat")]
    [InlineData("""{"geo":[1,2]}""", "wrong_type", "geo")]
    [InlineData("""{"id":"a","id":"b"}""", "duplicate_field", "id")]
    [InlineData("""{"id":"a","\u0069d":"b"}""", "duplicate_field", "id")]
    [InlineData("""{"time":null,"time":1}""", "duplicate_field", "time")]
    [InlineData("""{"data":1,"data":2}""", "duplicate_field", "data")]
    [InlineData("""{"amount":1}""", "unknown_field", "amount")]
    [InlineData("""{"Id":"a"}""", "unknown_field", "Id")]
    [InlineData("""{"id":"a",}""", "invalid_json", "")]
    [InlineData("""{"id":"a"}{"id":"b"}""", "invalid_json", "")]
    [InlineData("""{"id":"a" /* no */}""", "invalid_json", "")]
    [InlineData("""{"values":{"v":NaN}}""", "invalid_json", "")]
    [InlineData("""{"values":{"v":01}}""", "invalid_json", "")]
    [InlineData("""{"id":"\x"}""", "invalid_json", "")]
    [InlineData("""{"id":'a'}""", "invalid_json", "")]
    [InlineData("""{"id":"a""", "invalid_json", "")]
    [InlineData("\"text\"", "wrong_type", "")]
    [InlineData("42", "wrong_type", "")]
    [InlineData("nonsense", "invalid_json", "")]
    public void Read_broken_rule_is_named(string body, string code, string field)
    {
        var parsed = Parsed.Json(body);
        Assert.Equal((code, field), (parsed.Refused.Fault.Code.Code, parsed.Refused.Fault.Field));
        Assert.Empty(parsed.Events);
        Assert.NotEqual("", parsed.Refused.Fault.Message);
    }

    [Fact]
    public void Read_without_any_stream_is_missing_field() =>
        Assert.Equal("missing_field", Parsed.Json("{}", stream: null).Refused.Fault.Code.Code);

    [Theory]
    [InlineData("id", 128)]
    [InlineData("source", 128)]
    [InlineData("type", 128)]
    [InlineData("stream", 64)]
    public void Read_texts_up_to_their_limit_are_taken(string field, int limit)
    {
        Assert.Single(Parsed.Json($$"""{"{{field}}":"{{new string('x', limit)}}"}""").Events);
        var code = Parsed.Json($$"""{"{{field}}":"{{new string('x', limit + 1)}}"}""").Refused.Fault.Code.Code;
        Assert.Equal(field == "stream" ? "invalid_name" : "too_long", code);
    }

    [Fact]
    public void Read_limits_count_characters_not_bytes()
    {
        var emoji = string.Concat(Enumerable.Repeat("😀", 128));
        Assert.Equal(emoji, Parsed.Json($$"""{"id":"{{emoji}}"}""").Single.Id);
        var escaped = string.Concat(Enumerable.Repeat("\\ud83d\\ude00", 128));
        Assert.Equal(emoji, Parsed.Json($$"""{"id":"{{escaped}}"}""").Single.Id);
        Assert.Equal("too_long", Parsed.Json($$"""{"id":"{{escaped}}\ud83d\ude00"}""").Refused.Fault.Code.Code);
    }

    [Fact]
    public void Read_entries_up_to_their_limits_are_taken()
    {
        Assert.Equal(32, Parsed.Json(Dims(32)).Single.Dims.Count);
        Assert.Equal(("too_many", "dims"), Reason(Parsed.Json(Dims(33))));
        Assert.Equal(64, Parsed.Json(Values(64)).Single.Values.Count);
        Assert.Equal(("too_many", "values"), Reason(Parsed.Json(Values(65))));
        Assert.Single(Parsed.Json($$"""{"dims":{"{{new string('n', 64)}}":"{{new string('v', 256)}}"} }""").Events);
        Assert.Equal("too_long", Reason(Parsed.Json($$"""{"dims":{"{{new string('n', 65)}}":"v"} }""")).Code);
        Assert.Equal(("too_long", "dims.d"), Reason(Parsed.Json($$"""{"dims":{"d":"{{new string('v', 257)}}"} }""")));
    }

    [Fact]
    public void Read_long_names_and_values_that_need_two_length_bytes_are_compared_right()
    {
        var name = new string('n', 64);
        var value = new string('v', 200);
        Assert.Equal("duplicate_field", Reason(Parsed.Json($$"""{"dims":{"{{name}}":"{{value}}","x":"{{value}}","{{name}}":""} }""")).Code);
        Assert.Equal("duplicate_field", Reason(Parsed.Json($$"""{"values":{"{{name}}":1,"{{name}}":2} }""")).Code);
    }

    [Fact]
    public void Data_of_any_type_is_kept_byte_for_byte()
    {
        foreach (var data in new[] { "1.50", "\"a\\u0041\\ud800\"", "true", "[ ]", "{\"a\":1,\"a\":2}", "{\n\t\"x\" : [ {} ] }" })
            Assert.Equal(data, Parsed.Json($$"""{"data": {{data}} ,"type":"t"}""").Single.Data);
    }

    [Fact]
    public void Data_beyond_256_KiB_is_too_long()
    {
        var largest = "\"" + new string('x', EventLimits.DataBytes - 2) + "\"";
        Assert.Equal(largest, Parsed.Json($$"""{"data":{{largest}}}""").Single.Data);
        Assert.Equal(("too_long", "data"), Reason(Parsed.Json($$"""{"data":"x{{largest[1..]}}}""")));
    }

    [Theory]
    [InlineData(63, null)]
    [InlineData(64, "too_deep")]
    [InlineData(1000, "too_deep")]
    [InlineData(5000, "too_deep")]
    public void Read_depth_is_bounded(int levels, string? code)
    {
        var parsed = Parsed.Json($$"""{"data":{{new string('[', levels)}}{{new string(']', levels)}}}""");
        Assert.Equal(code, parsed.Rejections.SingleOrDefault()?.Fault.Code.Code);
        if (code is null) return;
        Assert.Equal("too_deep", Parsed.Json(string.Concat(Enumerable.Repeat("{\"a\":", levels + 1)) + "1" + new string('}', levels + 1)).Refused.Fault.Code.Code);
        Assert.Equal("too_deep", Parsed.Json(new string('[', levels + 2) + new string(']', levels + 2)).Refused.Fault.Code.Code);
    }

    [Fact]
    public void Read_invalid_utf8_is_named_before_anything_else()
    {
        byte[] body = [.. "{\"dims\":{\"a\":\""u8, 0xC3, 0x28, .. "\"},\"nope\":1}"u8];
        Assert.Equal("invalid_utf8", Parsed.Of(BodyFormat.Json, body).Refused.Fault.Code.Code);
        byte[] overlong = [.. "{\"id\":\""u8, 0xC0, 0xAF, .. "\"}"u8];
        Assert.Equal("invalid_utf8", Parsed.Of(BodyFormat.Json, overlong).Refused.Fault.Code.Code);
    }

    [Fact]
    public void Read_refused_event_still_shows_its_id()
    {
        Assert.Equal("late-id", Parsed.Json("""{"values":{"v":"x"},"id":"late-id"}""").Refused.Id);
        Assert.Equal("é", Parsed.Json("""{"nope":1,"id":"\u00e9"}""").Refused.Id);
        Assert.Null(Parsed.Json("""{"nope":1,"data":{"id":"inner"}}""").Refused.Id);
    }

    [Fact]
    public void Read_event_larger_than_1_MiB_alone_refuses_the_request() =>
        Assert.Equal(ReadOutcome.EventTooLarge, Parsed.Json("{\"data\":\"" + new string('x', EventLimits.EventBytes) + "\"}").Outcome);

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    [InlineData("[]")]
    [InlineData(" [ ] ")]
    public void Read_body_without_events_is_empty(string body) => Assert.Equal(ReadOutcome.Empty, Parsed.Json(body).Outcome);

    [Fact]
    public void Fault_messages_tell_what_to_do()
    {
        Assert.Equal(
            "'time' is 20464 days before its receipt; at most 7 days are accepted. It looks like seconds: send milliseconds.",
            Parsed.Json("""{"time":1769860800}""").Refused.Fault.Message);
        Assert.Equal(
            "'amount' is no field of an event: id, source, stream, type, time, dims, values, geo, data. Put what is your own into 'dims', 'values' or 'data'.",
            Parsed.Json("""{"amount":1}""").Refused.Fault.Message);
        Assert.StartsWith("Not JSON at line 1, byte 11: ", Parsed.Json("""{"id":"a",}""").Refused.Fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("application/x-ndjson.", Parsed.Json("{}\n{}").Refused.Fault.Message, StringComparison.Ordinal);
    }

    private static (string Code, string Field) Reason(Parsed parsed) => (parsed.Refused.Fault.Code.Code, parsed.Refused.Fault.Field);

    private static string Dims(int count) => Map("dims", count, "\"x\"");

    private static string Values(int count) => Map("values", count, "1.5");

    private static string Map(string name, int count, string value) =>
        new StringBuilder("{\"").Append(name).Append("\":{")
            .AppendJoin(',', Enumerable.Range(0, count).Select(i => $"\"n{i}\":{value}")).Append("}}").ToString();
}
