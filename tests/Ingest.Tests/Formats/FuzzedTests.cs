using Millrace.Ingest.Formats;
using Millrace.Ingest.Inbound;
using Xunit;

namespace Millrace.Ingest.Tests.Formats;

/// <summary>Inputs that the fuzzer found, each with what it broke.</summary>
public sealed class FuzzedTests
{
    private const string Required = "\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"s\",\"type\":\"t\"";

    /// <summary>Ended in an ArgumentOutOfRangeException, an answer of 500, and on a topic in a standstill: no TimeSpan holds the difference.</summary>
    [Theory]
    [InlineData("9223372036854775807", "time_in_future")]
    [InlineData("-9223372036854775808", "time_too_old")]
    [InlineData("984430211345181510", "time_in_future")]
    [InlineData("1e300", "time_in_future")]
    [InlineData("-1e300", "time_too_old")]
    public void Time_beyond_all_calendars_is_refused_as_such(string time, string code) =>
        Assert.Equal(code, Parsed.Json($$"""{"time":{{time}}}""").Refused.Fault.Code.Code);

    [Theory]
    [InlineData(long.MaxValue, "time_in_future")]
    [InlineData(long.MinValue, "time_too_old")]
    public void Time_beyond_all_calendars_in_protobuf_is_refused_as_such(long time, string code)
    {
        var batch = new Contracts.Protos.EventBatch { Events = { new Contracts.Protos.Event { TimeMs = time } } };
        Assert.Equal(code, Parsed.Of(BodyFormat.Protobuf, Google.Protobuf.MessageExtensions.ToByteArray(batch)).Refused.Fault.Code.Code);
    }

    /// <summary>Ended in an InvalidOperationException: the reader's comparison of names throws at half a surrogate pair.</summary>
    [Theory]
    [InlineData("""{"\udc00source":"-"}""", "invalid_utf8")]
    [InlineData("""{"geo":{"\ud800lat":1,"lon":2}}""", "unknown_field")]
    [InlineData("""[{"\udc00":1},{}]""", "invalid_utf8")]
    public void Half_a_surrogate_pair_in_a_name_is_refused(string body, string code) => Assert.Equal(code, Parsed.Json(body).Rejections[0].Fault.Code.Code);

    [Fact]
    public void Half_a_surrogate_pair_in_a_name_inside_data_is_kept()
    {
        const string Data = """{"\ud800":1}""";
        Assert.Equal(Data, Parsed.Of(BodyFormat.CloudEvent, $$"""{{{Required}},"data":{{Data}}}""").Single.Data);
    }

    [Fact]
    public void Escaped_names_are_the_names_they_mean() =>
        Assert.Equal((1, 2), Parsed.Json("""{"\u0067eo":{"l\u0061t":1,"\u006c\u006f\u006e":2}}""").Single.Geo);

    /// <summary>The message held all of a word that is none.</summary>
    [Fact]
    public void Message_about_a_long_word_is_short() =>
        Assert.InRange(Parsed.Json("{\"data\":f" + new string('0', 100_000) + "}").Refused.Fault.Message.Length, 20, 500);

    [Theory]
    [InlineData("x")]
    [InlineData("application/")]
    [InlineData("application/json; charset=")]
    public void Message_about_a_long_media_type_is_short(string start)
    {
        Assert.Equal(BodyFormat.None, BodyFormats.Parse(start + new string('x', 100_000), out var why));
        Assert.InRange(why.Length, 20, 300);
    }

    /// <summary>Became a dim with a NUL in it: a topic's header may hold anything, and was not looked at.</summary>
    [Fact]
    public void Control_character_in_the_type_of_a_record_is_refused()
    {
        var headers = new Dictionary<string, string> { ["ce_specversion"] = "1.0", ["ce_id"] = "1", ["ce_source"] = "s", ["ce_type"] = "t", ["content-type"] = "text/\0plain" };
        var refused = Parsed.Run(0, "shop", batch =>
        {
            RecordJudge.Read(headers, "x"u8, batch);
            return Ingest.Events.ReadOutcome.Judged;
        }).Refused;
        Assert.Equal(("invalid_name", "datacontenttype"), (refused.Fault.Code.Code, refused.Fault.Field));
    }
}
