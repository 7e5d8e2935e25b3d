using System.Text;
using System.Text.Json;

namespace Millrace.Ingest.Formats;

/// <summary>Strings of JSON with escapes, whose grammar the reader has already checked, as UTF-8.</summary>
internal static class JsonText
{
    // \u and four digits for each byte of a text in ASCII.
    private const int LongestEscape = 6;

    /// <summary>
    /// Whether the name or string at which the reader stands is a known text. The reader's own comparison throws at half a surrogate pair, which
    /// is JSON by its grammar and simply no text of ours.
    /// </summary>
    public static bool Is(in Utf8JsonReader json, ReadOnlySpan<byte> text)
    {
        var raw = json.ValueSpan;
        if (!json.ValueIsEscaped) return raw.SequenceEqual(text);
        if (raw.Length > text.Length * LongestEscape) return false;
        Span<byte> plain = stackalloc byte[raw.Length];
        return TryUnescape(raw, plain, out var length) && plain[..length].SequenceEqual(text);
    }

    /// <summary>Undoes the escapes.</summary>
    /// <param name="raw">Between the quotes.</param>
    /// <param name="to">At least as long as <paramref name="raw"/>.</param>
    /// <param name="written">Bytes of the text.</param>
    /// <returns><see langword="false"/> when an escape names half a surrogate pair, which is no character and has no UTF-8.</returns>
    public static bool TryUnescape(ReadOnlySpan<byte> raw, Span<byte> to, out int written)
    {
        written = 0;
        for (var at = 0; at < raw.Length;)
        {
            var plain = raw[at..].IndexOf((byte)'\\');
            if (plain < 0) plain = raw.Length - at;
            raw.Slice(at, plain).CopyTo(to[written..]);
            written += plain;
            at += plain;
            if (at == raw.Length) break;
            if (raw[at + 1] != 'u')
            {
                to[written++] = Short(raw[at + 1]);
                at += 2;
                continue;
            }

            int code = Hex(raw.Slice(at + 2, 4));
            at += 6;
            if (char.IsHighSurrogate((char)code) && at + 6 <= raw.Length && raw[at] == '\\' && raw[at + 1] == 'u')
            {
                var low = Hex(raw.Slice(at + 2, 4));
                if (!char.IsLowSurrogate((char)low)) return false;
                code = char.ConvertToUtf32((char)code, (char)low);
                at += 6;
            }

            if (!Rune.TryCreate(code, out var rune)) return false;
            written += rune.EncodeToUtf8(to[written..]);
        }

        return true;
    }

    private static byte Short(byte escape) => escape switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => escape,
    };

    private static ushort Hex(ReadOnlySpan<byte> four)
    {
        var value = 0;
        foreach (var digit in four) value = (value << 4) | ((digit & 0x0F) + (digit > '9' ? 9 : 0));
        return (ushort)value;
    }
}
