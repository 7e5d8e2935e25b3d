using System.Buffers;
using System.Text;

namespace Millrace.Ingest.Formats;

/// <summary>What a media type says about content.</summary>
internal static class MediaTypes
{
    /// <summary>What the names of CloudEvents attributes are made of.</summary>
    public static readonly SearchValues<byte> AttributeCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789"u8);

    /// <summary>Whether content of this type is JSON (RFC 8259, and structured suffixes of RFC 6839).</summary>
    public static bool IsJson(ReadOnlySpan<byte> type)
    {
        type = Bare(type);
        return Is(type, "application/json"u8) || Is(type, "text/json"u8) || EndsWith(type, "+json"u8);
    }

    /// <summary>Whether content of this type is text.</summary>
    public static bool IsText(ReadOnlySpan<byte> type)
    {
        type = Bare(type);
        return StartsWith(type, "text/"u8) || Is(type, "application/xml"u8) || EndsWith(type, "+xml"u8)
            || Is(type, "application/x-www-form-urlencoded"u8);
    }

    private static ReadOnlySpan<byte> Bare(ReadOnlySpan<byte> type)
    {
        var end = type.IndexOf((byte)';');
        return (end < 0 ? type : type[..end]).Trim((byte)' ');
    }

    private static bool Is(ReadOnlySpan<byte> type, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(type, other);

    private static bool StartsWith(ReadOnlySpan<byte> type, ReadOnlySpan<byte> start) => type.Length > start.Length && Is(type[..start.Length], start);

    private static bool EndsWith(ReadOnlySpan<byte> type, ReadOnlySpan<byte> end) => type.Length > end.Length && Is(type[^end.Length..], end);
}
