namespace Millrace.Ingest.Events;

/// <summary>Reads the times of RFC 3339 §5.6 from UTF-8: any offset, any number of fraction digits, of which milliseconds are kept.</summary>
internal static class Rfc3339
{
    private const int ShortestLength = 20;

    /// <summary>Reads a whole text.</summary>
    /// <param name="text">Such as <c>2026-01-31T12:00:00.25+01:00</c>; <c>T</c> and <c>Z</c> in either case, or a space for <c>T</c>.</param>
    /// <param name="unixMs">Milliseconds since 1970, cut, not rounded.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long unixMs)
    {
        unixMs = 0;
        if (text.Length < ShortestLength || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return false;
        if ((text[10] | 0x20) != 't' && text[10] != ' ') return false;
        var century = Two(text, 0);
        var yearOfCentury = Two(text, 2);
        var month = Two(text, 5);
        var day = Two(text, 8);
        var hour = Two(text, 11);
        var minute = Two(text, 14);
        var second = Two(text, 17);
        if ((century | yearOfCentury | month | day | hour | minute | second) < 0) return false;
        var year = (century * 100) + yearOfCentury;
        if (month is 0 or > 12 || day == 0 || day > DaysIn(year, month)) return false;
        // A leap second (60) is the first second of the next minute, as in POSIX time.
        if (hour > 23 || minute > 59 || second > 60) return false;

        var at = 19;
        var ms = 0;
        if (text[at] == '.' && !Fraction(text, ref at, out ms)) return false;
        if (!Offset(text[at..], out var offsetMinutes)) return false;
        var minutes = (((DaysSince1970(year, month, day) * 24) + hour) * 60) + minute - offsetMinutes;
        unixMs = (((minutes * 60) + second) * 1000) + ms;
        return true;
    }

    private static bool Fraction(ReadOnlySpan<byte> text, ref int at, out int ms)
    {
        ms = 0;
        var weight = 100;
        var first = ++at;
        for (; at < text.Length && char.IsAsciiDigit((char)text[at]); at++)
        {
            ms += (text[at] - '0') * weight;
            weight /= 10;
        }

        return at > first && at < text.Length;
    }

    private static bool Offset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1) return (text[0] | 0x20) == 'z';
        if (text.Length != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return false;
        var hour = Two(text, 1);
        var minute = Two(text, 4);
        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return hour is >= 0 and < 24 && minute is >= 0 and < 60;
    }

    /// <summary>Two digits as a number; -1 when they are none.</summary>
    private static int Two(ReadOnlySpan<byte> text, int at)
    {
        var tens = text[at] - '0';
        var ones = text[at + 1] - '0';
        return (uint)tens <= 9 && (uint)ones <= 9 ? (tens * 10) + ones : -1;
    }

    private static int DaysIn(int year, int month) => month switch
    {
        2 => (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    // Days of the proleptic Gregorian calendar, counted from the first of March so that the leap day is the year's last (Hinnant,
    // "chrono-compatible low-level date algorithms", days_from_civil).
    private static long DaysSince1970(int year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var era = (y >= 0 ? y : y - 399) / 400;
        var yearOfEra = y - (era * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        var dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        return ((long)era * 146_097) + dayOfEra - 719_468;
    }
}
