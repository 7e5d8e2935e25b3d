using System.Globalization;
using System.Text;
using Google.Protobuf;
using Millrace.Contracts.Protos;

namespace Millrace.Ingest.Tests.Formats;

#pragma warning disable CA5394 // Reproducible test data, no secrets.

/// <summary>Events as producers may send them, with every oddity that the rules allow.</summary>
internal static class RandomEvents
{
    private static readonly string[] Characters = ["a", "Z", "0", " ", "\"", "\\", "/", "é", "中", "😀", "\u007f", "'", "{", "\u2028"];
    private static readonly string[] Datas = ["1", "false", "\"x\"", "{\"a\":[1,2,{\"b\":null}]}", "[ ]", "{}", "-0.5e-3", "\"\\ud800\"", "[[[[1]]]]"];

    public static Event Next(Random random)
    {
        var e = new Event
        {
            Id = Text(random, 1, 128),
            Source = random.Next(3) == 0 ? "" : Text(random, 1, 128),
            Stream = "s" + random.Next(1000).ToString(CultureInfo.InvariantCulture),
            Type = Text(random, 1, 40),
            TimeMs = Parsed.Now - random.Next(0, 600_000_000),
        };
        for (var i = random.Next(-3, 33); i > 0; i--) e.Dims[Text(random, 1, 64)] = Text(random, 0, 256);
        for (var i = random.Next(-3, 65); i > 0; i--) e.Values[Text(random, 1, 64)] = double.Parse(Number(random, finite: true), CultureInfo.InvariantCulture);
        if (random.Next(3) == 0) e.Geo = new GeoPoint { Lat = (random.NextDouble() * 180) - 90, Lon = (random.NextDouble() * 360) - 180 };
        if (random.Next(3) == 0) e.Data = ByteString.CopyFromUtf8(Datas[random.Next(Datas.Length)]);
        return e;
    }

    public static byte[] ToJson(Event e, Random random)
    {
        var fields = new List<string> { Field("id", e.Id, random), Field("stream", e.Stream, random), Field("type", e.Type, random) };
        if (e.Source.Length > 0) fields.Add(Field("source", e.Source, random));
        fields.Add($"{Quote("time", random)}:{Time(e.TimeMs, random, text: random.Next(2) == 0)}");
        AddParts(fields, e, random);
        if (!e.Data.IsEmpty) fields.Add($"{Quote("data", random)}:{Space(random)}{e.Data.ToStringUtf8()}");
        return Object(fields, random);
    }

    /// <summary>The same as a CloudEvent can have it: data of its own does not stand beside dims, values and geo that are lifted out of data.</summary>
    public static Event ForCloudEvents(Event e)
    {
        var same = new Event(e);
        if (e.Data.IsEmpty) return same;
        same.Dims.Clear();
        same.Values.Clear();
        same.Geo = null;
        return same;
    }

    public static byte[] ToCloudEvent(Event e, Random random)
    {
        var fields = new List<string>
        {
            Field("specversion", "1.0", random), Field("id", e.Id, random), Field("source", e.Source, random), Field("type", e.Type, random),
            Field("stream", e.Stream, random), $"{Quote("time", random)}:{Time(e.TimeMs, random, text: true)}",
        };
        var parts = new List<string>();
        AddParts(parts, e, random);
        if (!e.Data.IsEmpty) fields.Add($"\"data\":{e.Data.ToStringUtf8()}");
        else if (parts.Count > 0) fields.Add($"\"data\":{Encoding.UTF8.GetString(Object(parts, random))}");
        return Object(fields, random);
    }

    public static byte[] Damage(byte[] body, Random random)
    {
        var at = random.Next(body.Length);
        return random.Next(4) switch
        {
            0 => [.. body[..at], (byte)random.Next(256), .. body[(at + 1)..]],
            1 => [.. body[..at], .. body[(at + 1)..], (byte)' '],
            2 => [.. body[..at], (byte)"{}[],:\"\\0n"[random.Next(10)], .. body[at..]],
            _ => [.. body[..at], .. body[random.Next(at, body.Length)..], (byte)'}'],
        };
    }

    public static string Number(Random random, bool finite = false)
    {
        var text = (random.Next(2) == 0 ? "-" : "") + Digits(random, random.Next(1, 20)).TrimStart('0').PadLeft(1, '0');
        if (random.Next(2) == 0) text += "." + Digits(random, random.Next(1, 20));
        return random.Next(3) == 0 ? text + "eE"[random.Next(2)] + "+-"[random.Next(2)] + Digits(random, finite ? 2 : random.Next(1, 4)) : text;
    }

    private static void AddParts(List<string> fields, Event e, Random random)
    {
        if (e.Dims.Count > 0) fields.Add($"{Quote("dims", random)}:{{{string.Join(',', e.Dims.Select(d => Field(d.Key, d.Value, random)))}}}");
        if (e.Values.Count > 0)
            fields.Add($"{Quote("values", random)}:{{{string.Join(',', e.Values.Select(v => $"{Quote(v.Key, random)}:{v.Value.ToString("R", CultureInfo.InvariantCulture)}"))}}}");
        if (e.Geo is { } geo)
            fields.Add($"{Quote("geo", random)}:{{\"lon\":{geo.Lon.ToString("R", CultureInfo.InvariantCulture)},\"lat\":{geo.Lat.ToString("R", CultureInfo.InvariantCulture)}}}");
    }

    private static byte[] Object(List<string> fields, Random random)
    {
        var shuffled = fields.ToArray();
        random.Shuffle(shuffled);
        return Encoding.UTF8.GetBytes("{" + string.Join(Space(random) + ",", shuffled) + Space(random) + "}");
    }

    private static string Time(long ms, Random random, bool text)
    {
        if (!text) return ms.ToString(CultureInfo.InvariantCulture);
        var offset = TimeSpan.FromMinutes(random.Next(-700, 700));
        return "\"" + DateTimeOffset.FromUnixTimeMilliseconds(ms).ToOffset(offset).ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture) + "\"";
    }

    private static string Field(string name, string value, Random random) => $"{Space(random)}{Quote(name, random)}{Space(random)}:{Space(random)}{Quote(value, random)}";

    private static string Space(Random random) => random.Next(6) == 0 ? " \t"[..random.Next(3)] : "";

    private static string Quote(string text, Random random)
    {
        var escapeAll = random.Next(8) == 0;
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (escapeAll) quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private static string Text(Random random, int shortest, int longest)
    {
        var length = random.Next(4) == 0 ? random.Next(shortest, longest + 1) : random.Next(shortest, Math.Min(12, longest) + 1);
        return string.Concat(Enumerable.Range(0, length).Select(_ => Characters[random.Next(Characters.Length)]));
    }

    private static string Digits(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10))));
}
