using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Millrace.Fuzz.Reference;

/// <summary>The rules of docs/protocols.md for what an event may hold, written down once more and slowly.</summary>
internal static partial class SlowRules
{
    /// <summary>Age of the oldest event taken, and how far ahead of the clock one may be.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(7), MaxAhead = TimeSpan.FromMinutes(5);

    /// <summary>The text of a JSON string; none when it holds half a surrogate pair or is no string.</summary>
    public static string? Text(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String) return null;
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The name of a field; none when it holds half a surrogate pair.</summary>
    public static string? Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static bool IsName(string? text) => text is { Length: > 0 } && Length(text) <= 128 && !HasControls(text);

    public static bool IsFieldName(string? text) => text is { Length: > 0 } && Length(text) <= 64 && !HasControls(text);

    public static bool IsDimValue(string? text) => text is not null && Length(text) <= 256 && !text.Contains('\0', StringComparison.Ordinal);

    public static bool IsStream(string? text) => text is not null && StreamPattern().IsMatch(text);

    public static bool HasControls(string text) => text.Any(c => c < ' ');

    /// <summary>Whether a time may be an event's.</summary>
    public static bool IsNear(long ms, long nowMs) => ms >= nowMs - (long)MaxAge.TotalMilliseconds && ms <= nowMs + (long)MaxAhead.TotalMilliseconds;

    /// <summary>A number of milliseconds as JSON has it.</summary>
    public static long? Milliseconds(string raw)
    {
        if (long.TryParse(raw, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms)) return ms;
        var value = double.Parse(raw, CultureInfo.InvariantCulture);
        return double.IsFinite(value) ? value is > -1e17 and < 1e17 ? (long)value : value > 0 ? long.MaxValue : long.MinValue : null;
    }

    /// <summary>A time by RFC 3339, to the millisecond.</summary>
    public static long? Rfc3339(string text)
    {
        var match = TimePattern().Match(text);
        if (!match.Success) return null;
        int Part(int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
        if (Part(1) == 0 || Part(4) > 23 || Part(5) > 59 || Part(6) > 60) return null; // Year 0 is no DateTime's, nor near any clock.
        if (Part(2) is 0 or > 12 || Part(3) == 0 || Part(3) > DateTime.DaysInMonth(Part(1), Part(2))) return null;
        var fraction = match.Groups[7].Success ? int.Parse(match.Groups[7].Value.PadRight(3, '0')[..3], CultureInfo.InvariantCulture) : 0;
        var ms = (long)(new DateTime(Part(1), Part(2), Part(3), 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).TotalMilliseconds;
        ms += (((((Part(4) * 60) + Part(5)) * 60) + Part(6)) * 1000L) + fraction;
        if (!match.Groups[9].Success) return ms;
        if (Part(9) > 23 || Part(10) > 59) return null;
        var offset = ((Part(9) * 60) + Part(10)) * 60_000L;
        return match.Groups[8].Value == "-" ? ms + offset : ms - offset;
    }

    /// <summary>Levels of arrays and objects in a value.</summary>
    public static int Depth(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => 1 + element.EnumerateObject().Select(property => Depth(property.Value)).DefaultIfEmpty().Max(),
        JsonValueKind.Array => 1 + element.EnumerateArray().Select(Depth).DefaultIfEmpty().Max(),
        _ => 0,
    };

    private static int Length(string text) => text.EnumerateRunes().Count();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex StreamPattern();

    [GeneratedRegex(@"\A([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))\z")]
    private static partial Regex TimePattern();
}
