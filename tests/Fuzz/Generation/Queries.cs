using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Millrace.Fuzz.Generation;

/// <summary>Query strings, as bytes: parameters with values that some endpoint takes, at their limits and beyond.</summary>
internal static class Queries
{
    private static readonly byte[][] Words = [.. new[] { "%", "%0", "%u0041", "%ff", "&", "=", "&&", "limit=", "cursor=", "from=", "+", "%2B", "?", "#", "[]", "a[b]=c", "%00", "%C0%80", ",", ":" }.Select(Encoding.Latin1.GetBytes)];

    /// <summary>Some of the parameters; damaged half of the time.</summary>
    /// <param name="source">Random numbers.</param>
    /// <param name="parameters">Names, and how a good value of each is made.</param>
    public static byte[] Make(Source source, params (string Name, Func<Source, string> Value)[] parameters)
    {
        var pairs = new List<string>();
        foreach (var (name, value) in parameters)
        {
            if (source.Once(3)) continue;
            pairs.Add(name + "=" + (source.Once(8) ? Any(source) : Uri.EscapeDataString(value(source))));
            if (source.Once(30)) pairs.Add(name + source.Of(["", "=", "=" + Any(source)]));
        }

        var query = Encoding.Latin1.GetBytes("?" + string.Join("&", pairs));
        return source.Once(2) ? query : Mutator.Damage(query, source, Words);
    }

    /// <summary>A request with this query.</summary>
    public static DefaultHttpContext Request(byte[] input)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        var query = Encoding.Latin1.GetString(input);
        context.Request.QueryString = new QueryString(query.Length == 0 || query[0] == '?' ? query : "?" + query);
        return context;
    }

    /// <summary>The name of a stream.</summary>
    public static string Stream(Source source) => source.Once(8) ? source.Of(["", ".a", "A", "a b", "é", "a\0", "../x"]) : source.Word(Math.Max(1, source.Length(64)));

    /// <summary>A time.</summary>
    public static string Time(Source source) => source.Below(5) switch
    {
        0 => Numbers.Any(source),
        1 => source.Of(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00 01:00", "now", "5/1", "24:00", "-1", "2026-01-31T12:00:00.1234567890Z"]),
        2 => $"{1_760_000_000_000L + (long)(source.Bits() % 10_000_000_000)}",
        _ => $"2026-0{source.Between(1, 9)}-{source.Between(10, 28)}T12:00:0{source.Below(10)}Z",
    };

    /// <summary>A count.</summary>
    public static string Limit(Source source) => source.Once(3) ? Numbers.Any(source) : $"{source.Of([0, 1, 100, 499, 500, 501, 999, 1000, 1001, 10_000, 10_001])}";

    /// <summary>A cursor of parts.</summary>
    public static string Cursor(Source source, char separator, int parts) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join(
        separator, Enumerable.Range(0, source.Once(8) ? source.Below(6) : parts).Select(i => i == 0 ? $"{source.Below(1_000_000_000)}" : source.Once(6) ? source.Of(["é", "", "\0", ":", "\n", "\u2028"]) : source.Word(source.Below(20))))));

    private static string Any(Source source) => source.Below(5) switch
    {
        0 => Numbers.Any(source),
        1 => source.Word(source.Length(64, 128, 4096)),
        2 => Base64Url.EncodeToString(source.Bytes(source.Below(30))),
        3 => source.Of(["true", "minute", "%E2%82%AC", "", "a:1", ":", "1:", "%ED%A0%80", "%F0%9F%98%80"]),
        _ => Uri.EscapeDataString(Time(source)),
    };
}
