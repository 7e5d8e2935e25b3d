using System.Globalization;

namespace Millrace.Ingest.Formats;

/// <summary>Numbers of JSON, whose grammar the reader has already checked, as doubles.</summary>
internal static class JsonNumber
{
    private static readonly double[] _powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>The nearest double; infinite when the number is beyond all of them.</summary>
    public static double Parse(ReadOnlySpan<byte> text)
    {
        // Up to 15 digits and a power of ten up to 22 are both exact in a double, so one division rounds correctly (Clinger 1990,
        // "How to read floating point numbers accurately"). Everything else goes the long way.
        ulong digits = 0;
        var count = 0;
        var fraction = -1;
        var at = text[0] == '-' ? 1 : 0;
        for (var i = at; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit <= 9)
            {
                digits = (digits * 10) + digit;
                count++;
            }
            else if (text[i] == '.')
            {
                fraction = count;
            }
            else
            {
                return Long(text);
            }
        }

        if (count > 15) return Long(text);
        double value = digits;
        if (fraction >= 0) value /= _powers[count - fraction];
        return at == 0 ? value : -value;
    }

    private static double Long(ReadOnlySpan<byte> text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}
