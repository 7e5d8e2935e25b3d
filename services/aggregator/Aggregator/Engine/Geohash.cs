namespace Millrace.Aggregator.Engine;

/// <summary>Geohash cells (G. Niemeyer, 2008) as numbers: 5 bits a character, longitude first.</summary>
internal static class Geohash
{
    /// <summary>Longest precision: 60 bits.</summary>
    public const int MaxPrecision = 12;

    private static ReadOnlySpan<byte> Alphabet => "0123456789bcdefghjkmnpqrstuvwxyz"u8;

    /// <summary>The cell of a place. Places on a border belong to the cell to the north and east.</summary>
    public static ulong Encode(double lat, double lon, int precision)
    {
        var bits = precision * 5;
        var lonBits = (bits + 1) / 2;
        var latBits = bits / 2;
        var x = Quantize((lon + 180) / 360, lonBits);
        var y = Quantize((lat + 90) / 180, latBits);
        // The first, highest bit is longitude's: with an odd number of bits it ends on longitude, with an even number on latitude.
        return bits % 2 == 0 ? (Spread(x) << 1) | Spread(y) : Spread(x) | (Spread(y) << 1);
    }

    /// <summary>Writes a cell's text.</summary>
    public static void Format(ulong cell, Span<byte> text)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(cell & 31)];
            cell >>= 5;
        }
    }

    private static uint Quantize(double fraction, int bits) =>
        (uint)Math.Clamp((long)(fraction * (1L << bits)), 0, (1L << bits) - 1);

    // Puts bit i of a number at bit 2i (interleaving by binary magic numbers, S. E. Anderson's "Bit Twiddling Hacks").
    private static ulong Spread(uint value)
    {
        ulong x = value;
        x = (x | (x << 16)) & 0x0000FFFF0000FFFF;
        x = (x | (x << 8)) & 0x00FF00FF00FF00FF;
        x = (x | (x << 4)) & 0x0F0F0F0F0F0F0F0F;
        x = (x | (x << 2)) & 0x3333333333333333;
        return (x | (x << 1)) & 0x5555555555555555;
    }
}
