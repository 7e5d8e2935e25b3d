using System.Globalization;

namespace Millrace.Fuzz.Generation;

/// <summary>Events in the project's JSON form and as CloudEvents: mostly such as the rules allow, at their limits, each rule broken at times.</summary>
internal static class EventMaker
{
    /// <summary>2026-01-31T12:00:00Z: when every input is received.</summary>
    public const long Now = 1_769_860_800_000;

    /// <summary>Words that mean something in an event.</summary>
    public static readonly byte[][] Words =
    [
        .. new[]
        {
            "\"id\":\"x\"", "\"id\"", "\"source\":\"\"", "\"stream\":\"s\"", "\"type\":null", "\"time\":0", "\"dims\":{}", "\"values\":{}", "\"values\":{\"v\":1}", "\"geo\":{\"lat\":1,\"lon\":2}",
            "\"data\":", "\"specversion\":\"1.0\"", "\"data_base64\":\"AA==\"", "\"datacontenttype\":\"text/plain\"", "\"subject\":\"s\"", "\"traceparent\":\"00\"", "},{", "}\n{", "]}", "[{",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
    ];

    /// <summary>An event of the project's own form.</summary>
    public static string Json(Source source)
    {
        var fields = new List<string>();
        Maybe(2, "id", () => Name(source));
        Maybe(3, "source", () => source.Once(9) ? "\"\"" : Name(source));
        Maybe(3, "stream", () => Stream(source));
        Maybe(2, "type", () => Name(source));
        Maybe(2, "time", () => Time(source, source.Once(2)));
        Parts(source, fields);
        Maybe(4, "data", () => JsonMaker.Any(source));
        if (source.Once(40)) fields.Add(JsonMaker.Field(source, source.Of(["x", "Id", "", "tenant", "received_at_ms"]), JsonMaker.Any(source)));
        if (fields.Count > 0 && source.Once(40)) fields.Add(source.Of([.. fields]));
        return JsonMaker.Object(source, fields);

        void Maybe(int times, string name, Func<string> make)
        {
            if (source.Once(times)) fields.Add(JsonMaker.Field(source, name, source.Once(30) ? source.Of(["null", "1", "{}", "[]", "\"\"", "true"]) : make()));
        }
    }

    /// <summary>A CloudEvent in structured mode.</summary>
    public static string CloudEvent(Source source)
    {
        var fields = new List<string>();
        Always("specversion", "\"1.0\"");
        Always("id", Name(source));
        Always("source", Name(source));
        Always("type", Name(source));
        if (source.Once(2)) Always("time", Time(source, text: true));
        if (source.Once(3)) Always("stream", Stream(source));
        if (source.Once(5)) Always("subject", Name(source));
        if (source.Once(8)) Always("dataschema", Name(source));
        if (source.Once(4)) Always("datacontenttype", source.Of(["\"application/json\"", "\"text/plain\"", "\"application/cloudevents+JSON; charset=utf-8\"", Name(source)]));
        for (var count = source.Below(3); count > 0; count--)
            Always(source.Of(["traceparent", "region", "x1", source.Word(source.Between(1, 20))]), source.Of([Name(source), Numbers.Any(source), "true", "null"]));
        if (source.Once(8)) Always("data_base64", source.Of(["\"AAECAw==\"", "\"\"", "\"AAEC Aw==\"", "\"!\"", "\"AA\\u003d=\""]));
        else if (source.Once(2)) Always("data", JsonMaker.Any(source));
        else if (source.Once(2)) Always("data", Lifted(source));
        return JsonMaker.Object(source, fields);

        void Always(string name, string value)
        {
            if (!source.Once(60)) fields.Add(JsonMaker.Field(source, name, source.Once(60) ? "null" : value));
        }
    }

    /// <summary>A time as text or number: mostly near the receipt.</summary>
    public static string Time(Source source, bool text)
    {
        var ms = source.Below(12) switch
        {
            0 => Now - (7L * 86_400_000) + source.Between(-1, 1),
            1 => Now + 300_000 + source.Between(-1, 1),
            _ => Now - source.Below(500_000_000),
        };
        if (!text) return source.Once(10) ? Numbers.Any(source) : ms.ToString(CultureInfo.InvariantCulture) + (source.Once(20) ? ".75" : "");
        var offset = source.Once(2) ? TimeSpan.Zero : TimeSpan.FromMinutes(source.Between(-839, 839));
        var formatted = DateTimeOffset.FromUnixTimeMilliseconds(ms).ToOffset(offset).ToString(source.Of(["yyyy-MM-ddTHH:mm:ss.fffzzz", "yyyy-MM-dd HH:mm:sszzz", "yyyy-MM-ddTHH:mm:ss.fffffffzzz"]), CultureInfo.InvariantCulture);
        if (offset == TimeSpan.Zero && source.Once(2)) formatted = formatted[..^6] + source.Of(["Z", "z"]);
        if (source.Once(12)) formatted = source.Of(["2026-01-30T23:59:60Z", "2026-02-29T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:60-23:59", "2026-01-31T24:00:00Z", "2026-01-31", "", "2026-01-31T11:00:00.Z"]);
        return JsonMaker.Quote(source, formatted);
    }

    /// <summary>The parts that every form has.</summary>
    public static void Parts(Source source, List<string> fields)
    {
        if (source.Once(3)) fields.Add(JsonMaker.Field(source, "dims", Entries(source, 32, () => source.Once(40) ? "null" : JsonMaker.Text(source, source.Length(256)))));
        if (source.Once(2)) fields.Add(JsonMaker.Field(source, "values", Entries(source, 64, () => source.Once(40) ? "null" : Numbers.Any(source))));
        if (source.Once(4)) fields.Add(JsonMaker.Field(source, "geo", Geo(source)));
    }

    private static string Lifted(Source source)
    {
        var parts = new List<string>();
        Parts(source, parts);
        if (source.Once(4)) parts.Add(JsonMaker.Field(source, source.Of(["note", "geo", "dims"]), JsonMaker.Any(source)));
        return JsonMaker.Object(source, parts);
    }

    private static string Geo(Source source)
    {
        if (source.Once(10)) return JsonMaker.Any(source);
        string Degrees(int limit) => source.Once(10) ? Numbers.Any(source) : source.Once(8) ? source.Of(["-", ""]) + limit.ToString(CultureInfo.InvariantCulture) : source.Between(-limit, limit - 1).ToString(CultureInfo.InvariantCulture) + ".25";
        return JsonMaker.Object(source, [JsonMaker.Field(source, "lat", Degrees(90)), JsonMaker.Field(source, "lon", Degrees(180))]);
    }

    private static string Entries(Source source, int limit, Func<string> make)
    {
        var entries = new List<string>();
        for (var count = source.Once(15) ? limit + source.Between(-1, 1) : source.Below(4); count > 0; count--)
            entries.Add((source.Once(3) ? JsonMaker.Text(source, source.Length(64)) : "\"" + source.Word(3) + "\"") + ":" + make());
        return JsonMaker.Object(source, entries);
    }

    private static string Name(Source source) => JsonMaker.Text(source, Math.Max(source.Once(50) ? 0 : 1, source.Length(128)));

    private static string Stream(Source source) =>
        JsonMaker.Quote(source, source.Once(15) ? source.Of(["", ".a", "A", "a b", "é", "a/b", "..", "a..b", source.Word(64), source.Word(65)]) : source.Word(source.Between(1, 12)));
}
