using System.Globalization;
using System.Text.Unicode;

namespace Millrace.Hosting.Http;

/// <summary>
/// JSON by its grammar may hold strings that are no text: bytes that are not UTF-8, and <c>\u</c> escapes of half a surrogate pair. Readers of the
/// framework take them, and throw <see cref="InvalidOperationException"/> once the string is asked for.
/// </summary>
public static class JsonUnicode
{
    /// <summary>What to tell who sent such a text.</summary>
    public const string Problem = "The body holds bytes that are not UTF-8, or a \\u escape of half a surrogate pair.";

    /// <summary>Whether every string of a JSON text can be asked for.</summary>
    /// <param name="json">JSON. For bytes that are none <see langword="true"/> means nothing.</param>
    public static bool IsWhole(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) return false;
        for (var rest = json; rest.IndexOf((byte)'\\') is var at and >= 0;)
        {
            rest = rest[at..];
            if (!TryCodeUnit(rest, out var unit))
            {
                rest = rest[Math.Min(2, rest.Length)..];
                continue;
            }

            if (char.IsLowSurrogate(unit)) return false;
            rest = rest[6..];
            if (!char.IsHighSurrogate(unit)) continue;
            if (!TryCodeUnit(rest, out var low) || !char.IsLowSurrogate(low)) return false;
            rest = rest[6..];
        }

        return true;
    }

    private static bool TryCodeUnit(ReadOnlySpan<byte> escape, out char unit)
    {
        var given = escape.Length >= 6 && escape[0] == '\\' && escape[1] == 'u';
        unit = given && ushort.TryParse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? (char)code : '\0';
        return given;
    }
}
