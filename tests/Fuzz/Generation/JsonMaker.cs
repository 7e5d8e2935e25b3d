using System.Globalization;
using System.Text;

namespace Millrace.Fuzz.Generation;

/// <summary>Writes JSON with every freedom that the grammar has: white space, escapes where none are needed, any order.</summary>
internal static class JsonMaker
{
    private static readonly string[] Characters =
    [
        "a", "Z", "0", " ", "-", "_", ".", "/", "'", "{", "é", "ß", "中", "😀", "\u007f", "\u0080", "\u2028", "\ufeff", "\uffff", "\U0010ffff",
    ];

    private static readonly string[] Escapes = ["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\\uFFFF", "\\u0001", "\\u0000", "\\ud800", "\\udc00", "\\ud800\\ud800"];

    /// <summary>A string of about <paramref name="length"/> characters, in quotes.</summary>
    public static string Text(Source source, int length)
    {
        var text = new StringBuilder("\"");
        // Escapes that may not stand everywhere come seldom, or hardly anything would be accepted.
        for (var i = 0; i < length; i++) text.Append(source.Once(40) ? source.Of(Escapes) : source.Once(8) ? source.Of(Escapes[..12]) : source.Of(Characters));
        return text.Append('"').ToString();
    }

    /// <summary>A known string in quotes, at times with all of it escaped.</summary>
    public static string Quote(Source source, string text)
    {
        if (!source.Once(12)) return "\"" + text + "\"";
        return "\"" + string.Concat(text.Select(c => "\\u" + ((int)c).ToString(source.Once(2) ? "x4" : "X4", CultureInfo.InvariantCulture))) + "\"";
    }

    /// <summary>White space, mostly none.</summary>
    public static string Space(Source source) => source.Once(10) ? source.Of([" ", "\t", "\r", "\n", "  \n\t"]) : "";

    /// <summary>An object of written fields.</summary>
    public static string Object(Source source, List<string> fields)
    {
        for (var i = fields.Count - 1; i > 0; i--)
        {
            var other = source.Below(i + 1);
            (fields[i], fields[other]) = (fields[other], fields[i]);
        }

        return "{" + string.Join(Space(source) + "," + Space(source), fields) + Space(source) + "}";
    }

    /// <summary>A field.</summary>
    public static string Field(Source source, string name, string value) => Space(source) + Quote(source, name) + Space(source) + ":" + Space(source) + value;

    /// <summary>Any value at all.</summary>
    public static string Any(Source source, int depth = 0)
    {
        switch (source.Below(depth > 4 ? 6 : 9))
        {
            case 0: return "null";
            case 1: return source.Of(["true", "false"]);
            case 2: return Numbers.Any(source);
            case 3 or 4: return Text(source, source.Length(64, 128, 256));
            case 5: return source.Once(30) ? Deep(source) : "0";
            case 6: return "[" + string.Join(",", Several(source, () => Any(source, depth + 1))) + "]";
            default: return Object(source, [.. Several(source, () => Field(source, source.Word(source.Between(1, 3)), Any(source, depth + 1)))]);
        }
    }

    /// <summary>Nested about as deep as may be, or far deeper.</summary>
    public static string Deep(Source source)
    {
        var levels = source.Of([61, 62, 63, 64, 65, 66, 998, 1000, 1002, 5000]);
        return source.Once(2)
            ? new string('[', levels) + new string(']', levels)
            : string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "1" + new string('}', levels);
    }

    private static IEnumerable<string> Several(Source source, Func<string> make)
    {
        for (var count = source.Below(4); count > 0; count--) yield return make();
    }
}
