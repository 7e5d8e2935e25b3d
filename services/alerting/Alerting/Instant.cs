using System.Globalization;

namespace Millrace.Alerting;

/// <summary>Times as the API writes them: RFC 3339, UTC, milliseconds.</summary>
internal static class Instant
{
    public static string Format(long epochMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(epochMs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Zero and nothing are no time.</summary>
    public static string? FormatOrNull(long? epochMs) => epochMs is null or 0 ? null : Format(epochMs.Value);
}
