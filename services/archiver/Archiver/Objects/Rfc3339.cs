using System.Globalization;

namespace Millrace.Archiver.Objects;

/// <summary>Times as text: RFC 3339, UTC, milliseconds.</summary>
internal static class Rfc3339
{
    /// <summary>Length of <c>2026-01-31T23:59:59.999Z</c>.</summary>
    public const int Length = 24;

    /// <summary>Writes a time, given in milliseconds since 1970, into exactly <see cref="Length"/> bytes.</summary>
    public static void Format(long timeMs, Span<byte> to) =>
        DateTimeOffset.FromUnixTimeMilliseconds(timeMs).UtcDateTime.TryFormat(to, out _, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time as text.</summary>
    public static string Format(long timeMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(timeMs).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The time of such a text.</summary>
    public static DateTimeOffset Parse(string text) =>
        DateTimeOffset.ParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
