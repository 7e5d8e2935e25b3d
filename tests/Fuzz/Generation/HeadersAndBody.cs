using System.Text;

namespace Millrace.Fuzz.Generation;

/// <summary>Headers and a body in one input: lines of <c>name: value</c>, an empty line, the body. Headers are Latin-1, as a server reads them.</summary>
internal sealed record HeadersAndBody(IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    /// <summary>Takes an input apart; whatever it is, it is something.</summary>
    public static HeadersAndBody Of(byte[] input)
    {
        var headers = new List<KeyValuePair<string, string>>();
        var at = 0;
        while (at < input.Length)
        {
            var length = input.AsSpan(at).IndexOf((byte)'\n');
            if (length < 0) length = input.Length - at;
            var line = Encoding.Latin1.GetString(input, at, length);
            at = Math.Min(input.Length, at + length + 1);
            if (line.Length == 0) break;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(colon < 0 ? new(line, "") : new(line[..colon], line[(colon + 1)..].Trim()));
        }

        return new HeadersAndBody(headers, input[at..]);
    }

    /// <summary>Lays headers and a body out as one input.</summary>
    public static byte[] Write(IEnumerable<(string Name, string Value)> headers, byte[] body)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in headers) text.Append(name).Append(": ").Append(value.ReplaceLineEndings(" ")).Append('\n');
        return [.. Encoding.Latin1.GetBytes(text.Append('\n').ToString()), .. body];
    }

    /// <summary>Attributes of a CloudEvent with a prefix before each name, and the type of the body.</summary>
    public static byte[] CloudEvent(Source source, string prefix)
    {
        var headers = new List<(string, string)>();
        Add(40, "specversion", source.Once(40) ? "0.3" : "1.0");
        Add(40, "id", Value(source));
        Add(40, "source", Value(source));
        Add(40, "type", Value(source));
        if (source.Once(3)) Add(40, "time", EventMaker.Time(source, text: true).Trim('"'));
        if (source.Once(3)) Add(40, "stream", source.Word(source.Between(1, 10)));
        if (source.Once(4)) Add(40, source.Of(["subject", "data", "data_base64", "datacontenttype", "traceparent", "Region", "x-y", "", source.Word(70)]), Value(source));
        var type = source.Of(["application/json", "text/json; charset=utf-8", "text/plain", "application/octet-stream", "application/cloudevents+json", "application/xml", "image/png", "", "application/", ";"]);
        if (!source.Once(6)) headers.Add(("content-type", type));
        var body = source.Below(4) switch
        {
            0 => [],
            1 => source.Bytes(source.Below(200)),
            2 => Encoding.UTF8.GetBytes(EventMaker.CloudEvent(source)),
            _ => Encoding.UTF8.GetBytes(JsonMaker.Any(source)),
        };
        return Write(headers, body);

        void Add(int unless, string name, string value)
        {
            if (!source.Once(unless)) headers.Add((prefix + name, value));
        }
    }

    private static string Value(Source source) => source.Below(6) switch
    {
        0 => "%C3%A9%20%e2%82%ac" + source.Word(3),
        1 => "\"quoted \\\" " + source.Word(3) + "\"",
        2 => source.Of(["%", "%0", "%zz", "%00", "%FF", "%ED%A0%80", "\"", "\\", "\"\\"]),
        3 => source.Word(source.Between(126, 131)),
        _ => source.Word(source.Between(1, 20)),
    };
}
