namespace Millrace.Fuzz.Generation;

/// <summary>Damages a good input a little, so that a parser comes far before it meets the damage.</summary>
internal static class Mutator
{
    private static readonly byte[][] Pieces =
    [
        [0], [0xFF], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0xE2, 0x80, 0xA8],
        [0xF0, 0x9F, 0x98, 0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0],
        .. new[]
        {
            "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0000", "\\u001f", "\\", "\"", "\"\"", "{", "}", "[", "]", "{}", "[]", ",", ":", "null", "true", "0",
            "-0", "-1", "1e999", "-1e999", "1e-999", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616",
            "0.1e1", "00", "1.", ".5", "NaN", "Infinity", "\n", "\r\n", "\t", " ", "\u00a0", "/*", "*/", "--", "//", "'", "`", ";", "%00", "%", "../", "..",
            "\\", "<", ">", "&", "=", "?", "#", "+", "@", "\u202e", "\uff07", "\u2028", "\u0130", "ß",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
    ];

    /// <summary>Damages it once or a few times.</summary>
    /// <param name="input">A good input.</param>
    /// <param name="source">Random numbers.</param>
    /// <param name="words">Pieces that mean something to the parser.</param>
    /// <param name="other">Another good input, to take pieces of.</param>
    public static byte[] Damage(byte[] input, Source source, byte[][] words, byte[]? other = null)
    {
        for (var times = source.Once(3) ? source.Between(2, 6) : 1; times > 0; times--) input = Once(input, source, words, other);
        return input;
    }

    private static byte[] Once(byte[] input, Source source, byte[][] words, byte[]? other)
    {
        if (input.Length == 0) return source.Of(Pieces);
        var at = source.Below(input.Length);
        var to = Math.Min(input.Length, at + 1 + (source.Once(4) ? source.Below(input.Length) : source.Below(8)));
        switch (source.Below(12))
        {
            case 0:
                var flipped = (byte[])input.Clone();
                flipped[at] ^= (byte)(1 << source.Below(8));
                return flipped;
            case 1:
                var replaced = (byte[])input.Clone();
                replaced[at] = (byte)source.Bits();
                return replaced;
            case 2: return [.. input.AsSpan(0, at), .. source.Of(Pieces), .. input.AsSpan(at)];
            case 3: return [.. input.AsSpan(0, at), .. source.Of(Pieces), .. input.AsSpan(to)];
            case 4 when words.Length > 0: return [.. input.AsSpan(0, at), .. source.Of(words), .. input.AsSpan(at)];
            case 5 when words.Length > 0: return [.. input.AsSpan(0, at), .. source.Of(words), .. input.AsSpan(to)];
            case 6: return [.. input.AsSpan(0, at), .. input.AsSpan(to)];
            case 7: return [.. input.AsSpan(0, to), .. input.AsSpan(at)];
            case 8: return Repeat(input, at, to, source);
            case 9 when other is { Length: > 0 }:
                var from = source.Below(other.Length);
                return [.. input.AsSpan(0, at), .. other.AsSpan(from, source.Below(other.Length - from + 1)), .. input.AsSpan(to)];
            case 10: return input[..at];
            default: return Number(input, at, source);
        }
    }

    private static byte[] Repeat(byte[] input, int at, int to, Source source)
    {
        var piece = input.AsSpan(at, Math.Min(to - at, 64));
        var times = source.Once(20) ? source.Between(900, 1100) : source.Between(2, 80);
        var repeated = new byte[piece.Length * times];
        for (var i = 0; i < times; i++) piece.CopyTo(repeated.AsSpan(i * piece.Length));
        return [.. input.AsSpan(0, at), .. repeated, .. input.AsSpan(to)];
    }

    // Replaces the number nearest behind a place by one at a boundary.
    private static byte[] Number(byte[] input, int at, Source source)
    {
        var start = input.AsSpan(at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (start < 0) return input[..at];
        start += at;
        var end = start;
        while (end < input.Length && input[end] is >= (byte)'0' and <= (byte)'9') end++;
        return [.. input.AsSpan(0, start), .. System.Text.Encoding.ASCII.GetBytes(Numbers.Any(source)), .. input.AsSpan(end)];
    }
}
