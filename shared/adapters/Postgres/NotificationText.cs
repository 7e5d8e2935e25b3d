using System.Text;

namespace Millrace.Adapters.Postgres;

/// <summary>
/// A notification as PostgreSQL carries it: the channel, a line feed, and the content, which is <c>=</c> and the payload, or <c>@</c> and the id of the row
/// that holds it where it is too long.
/// </summary>
internal static class NotificationText
{
    // PostgreSQL takes less than 8000 bytes.
    private const int MaxBytes = 7999;

    public static string Inline(string channel, string payload) => $"{channel}\n={payload}";

    public static string Stored(string channel, string id) => $"{channel}\n@{id}";

    public static bool Fits(string text) => Encoding.UTF8.GetByteCount(text) <= MaxBytes;

    public static bool TryParse(string text, out string channel, out string content)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        (channel, content) = end < 0 ? ("", "") : (text[..end], text[(end + 1)..]);
        return content is ['=' or '@', ..];
    }

    /// <summary>The payload of an inline content; false when it is stored in the row of that id.</summary>
    public static bool IsInline(string content, out string payloadOrId)
    {
        payloadOrId = content[1..];
        return content[0] == '=';
    }
}
