using System.Text;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Xunit;

namespace Millrace.Ingest.Tests.Formats;

public sealed class BatchTests
{
    [Fact]
    public void Ndjson_each_line_is_judged_for_itself()
    {
        const string Body = "{\"id\":\"a\"}\r\n\n  \r\nbroken\n{\"id\":\"b\",\"values\":{\"v\":1e999}}\n[{\"id\":\"c\"}]\n\t{\"id\":\"d\"}  ";
        var parsed = Parsed.Of(BodyFormat.Ndjson, Body);
        Assert.Equal(["a", "d"], parsed.Events.Select(e => e.Id));
        Assert.Equal(
            [(1, null, "invalid_json", "broken"), (2, "b", "value_not_finite", "{\"id\":\"b\",\"values\":{\"v\":1e999}}"), (3, null, "wrong_type", "[{\"id\":\"c\"}]")],
            parsed.Rejections.Select(r => (r.Index, r.Id, r.Fault.Code.Code, Body.Substring(r.Start, r.Length).TrimEnd('\r'))));
    }

    [Fact]
    public void Ndjson_only_the_line_that_is_not_utf8_is_refused()
    {
        byte[] body = [.. "{\"id\":\"a\"}\n{\"id\":\""u8, 0xFF, .. "\"}\n{\"id\":\"b\"}"u8];
        var parsed = Parsed.Of(BodyFormat.Ndjson, body);
        Assert.Equal(["a", "b"], parsed.Events.Select(e => e.Id));
        Assert.Equal((1, "invalid_utf8"), (parsed.Refused.Index, parsed.Refused.Fault.Code.Code));
    }

    [Fact]
    public void Ndjson_a_line_beyond_1_MiB_is_refused_alone()
    {
        var parsed = Parsed.Of(BodyFormat.Ndjson, "{\"id\":\"a\"}\n{\"data\":\"" + new string('x', EventLimits.EventBytes) + "\"}\n{\"id\":\"b\"}");
        Assert.Equal(2, parsed.Events.Count);
        Assert.Equal((1, "too_large"), (parsed.Refused.Index, parsed.Refused.Fault.Code.Code));
    }

    [Theory]
    [InlineData(10_000, false)]
    [InlineData(10_001, true)]
    public void Read_more_than_10000_events_are_too_many(int count, bool tooMany)
    {
        var outcome = tooMany ? ReadOutcome.TooManyEvents : ReadOutcome.Judged;
        Assert.Equal(outcome, Parsed.Of(BodyFormat.Ndjson, string.Join('\n', Enumerable.Repeat("{}", count))).Outcome);
        Assert.Equal(outcome, Parsed.Json("[" + string.Join(',', Enumerable.Repeat("{}", count)) + "]").Outcome);
        Assert.Equal(outcome, Parsed.Json("[" + string.Join(',', Enumerable.Repeat("7", count)) + "]").Outcome);
        byte[] one = [0x0A, 0x00];
        Assert.Equal(outcome, Parsed.Of(BodyFormat.Protobuf, [.. Enumerable.Repeat(one, count).SelectMany(b => b)]).Outcome);
    }

    [Fact]
    public void Array_elements_are_judged_for_themselves()
    {
        const string Body = """[{"id":"a"}, 7, [[]], {"id":"b","dims":{"x":{"y":[1]}},"data":{}}, null, {"id":"c","data":[{}]}]""";
        var parsed = Parsed.Json(Body);
        Assert.Equal(["a", "c"], parsed.Events.Select(e => e.Id));
        Assert.Equal("[{}]", parsed.Events[1].Data);
        Assert.Equal(
            [(1, null, "7"), (2, null, "[[]]"), (3, "b", """{"id":"b","dims":{"x":{"y":[1]}},"data":{}}"""), (4, null, "null")],
            parsed.Rejections.Select(r => (r.Index, r.Id, Body.Substring(r.Start, r.Length))));
        Assert.All(parsed.Rejections, r => Assert.Equal("wrong_type", r.Fault.Code.Code));
    }

    [Fact]
    public void Array_what_follows_a_syntax_error_is_one_rejection()
    {
        const string Body = """[{"id":"a"},{"id":"b","nope":1}, {"id":"c",}, {"id":"d"}]""";
        var parsed = Parsed.Json(Body);
        Assert.Equal("a", parsed.Single.Id);
        Assert.Equal([(1, "unknown_field"), (2, "invalid_json")], parsed.Rejections.Select(r => (r.Index, r.Fault.Code.Code)));
        Assert.Equal("""{"id":"c",}, {"id":"d"}]""", Body.Substring(parsed.Rejections[1].Start, parsed.Rejections[1].Length));
        Assert.Contains("all that follow it", parsed.Rejections[1].Fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"id":"a"}""")]
    [InlineData("""[{"id":"a"},""")]
    [InlineData("""[{"id":"a"},]""")]
    [InlineData("""[{"id":"a"}] 7""")]
    public void Array_that_does_not_end_well_says_so(string body)
    {
        var parsed = Parsed.Json(body);
        Assert.Equal("a", parsed.Single.Id);
        Assert.Equal((1, "invalid_json"), (parsed.Refused.Index, parsed.Refused.Fault.Code.Code));
    }

    [Fact]
    public void Array_nested_beyond_the_reader_is_too_deep_from_there_on()
    {
        var parsed = Parsed.Json("[{\"id\":\"a\"},{\"data\":" + new string('[', 5000) + new string(']', 5000) + "},{}]");
        Assert.Equal("a", parsed.Single.Id);
        Assert.Equal((1, "too_deep"), (parsed.Refused.Index, parsed.Refused.Fault.Code.Code));
    }

    [Fact]
    public void Read_events_of_several_streams_get_the_key_of_their_own()
    {
        var streams = Enumerable.Range(0, 500).Select(i => $"s{i % 7}").ToList();
        var parsed = Parsed.Of(BodyFormat.Ndjson, string.Join('\n', streams.Select(s => $$"""{"stream":"{{s}}","dims":{"long":"{{new string('x', 200)}}"} }""")));
        Assert.Equal(streams.Select(s => "acme/" + s), parsed.Events.Select(e => e.Key));
        Assert.Equal(streams, parsed.Events.Select(e => e.Stream));
    }

    [Fact]
    public void Read_large_events_grow_the_buffer_without_losing_a_byte()
    {
        var data = "\"" + new string('d', 200_000) + "\"";
        var lines = Enumerable.Range(0, 20).Select(i => $$"""{"id":"{{i}}","data":{{data}},"values":{"v":{{i}} } }""");
        var parsed = Parsed.Of(BodyFormat.Ndjson, string.Join('\n', lines));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => ($"{i}", data, (double)i)), parsed.Events.Select(e => (e.Id, e.Data!, e.Values[0].Value)));
    }

    [Fact]
    public void Read_pooled_batch_starts_clean()
    {
        var batch = new EventBatch();
        for (var round = 0; round < 3; round++)
        {
            batch.Open(new RequestFrame($"t{round}", Parsed.Now, "s", TimeSpan.FromDays(7), TimeSpan.FromMinutes(5)), 10);
            Body.Read(BodyFormat.Ndjson, Encoding.UTF8.GetBytes("{}\n{\"x\":1}"), batch);
            Assert.Equal((2, 1, 1), (batch.Total, batch.Records.Length, batch.Rejections.Count));
            Assert.Equal($"t{round}/s", Encoding.UTF8.GetString(batch.Records.Span[0].Key.Span));
            batch.Close();
        }
    }
}
