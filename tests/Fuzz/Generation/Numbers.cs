using System.Globalization;

namespace Millrace.Fuzz.Generation;

/// <summary>Numbers as texts, most of them at a boundary of something.</summary>
internal static class Numbers
{
    private static readonly string[] Edges =
    [
        "0", "-0", "1", "-1", "127", "128", "255", "256", "32767", "32768", "65535", "65536", "2147483647", "2147483648", "-2147483648", "-2147483649",
        "4294967295", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "922337203685477580", "100000000000000000",
        "1.7976931348623157e308", "1.7976931348623159e308", "5e-324", "2e-324", "2.2250738585072011e-308", "1e22", "1e23", "1e999", "-1e999", "1e-999",
        "0.1", "0.30000000000000004", "179.99999999999997", "90.00000000000001", "1E+2", "1e0000000000000000000000000001", "253402300799999", "-62135596800000",
        "-62135596800001", "253402300800000", "922337203685477",
    ];

    /// <summary>A number, as JSON writes them.</summary>
    public static string Any(Source source) => source.Below(6) switch
    {
        0 or 1 => source.Of(Edges),
        2 => ((long)source.Bits()).ToString(CultureInfo.InvariantCulture),
        3 => Long(source),
        4 => BitConverter.UInt64BitsToDouble(source.Bits()) is var d && double.IsFinite(d) ? d.ToString("R", CultureInfo.InvariantCulture) : "0",
        _ => source.Between(-1000, 1000).ToString(CultureInfo.InvariantCulture),
    };

    private static string Long(Source source)
    {
        var digits = source.Once(10) ? source.Between(300, 2000) : source.Between(1, 25);
        var text = source.Of(["", "-"]) + source.Between(1, 9).ToString(CultureInfo.InvariantCulture) + Digits(source, digits - 1);
        if (source.Once(2)) text += "." + Digits(source, source.Between(1, digits + 1));
        return source.Once(3) ? text + source.Of(["e", "E", "e+", "E-"]) + Digits(source, source.Between(1, 4)) : text;
    }

    private static string Digits(Source source, int count) =>
        string.Create(count, source, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = (char)('0' + source.Below(10));
        });
}
