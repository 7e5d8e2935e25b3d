using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Millrace.RealtimeGateway.Windows;

/// <summary>Which windows <c>GET /api/v1/windows</c> asks for.</summary>
/// <param name="FromMs">Windows that start at or after.</param>
/// <param name="ToMs">Windows that start before.</param>
/// <param name="SizeMs">Windows of this length; <see langword="null"/> for the shortest that the stream has.</param>
/// <param name="Type">Only this type.</param>
/// <param name="Final">Only final ones, or only open ones.</param>
/// <param name="After">Continue after.</param>
/// <param name="Limit">At most so many.</param>
internal readonly record struct WindowQuery(
    long FromMs, long ToMs, int? SizeMs, string? Type, bool? Final, WindowCursor? After, int Limit);

/// <summary>The last window of a page.</summary>
internal sealed record WindowCursor(long StartMs, int SizeMs, string Type, string Key)
{
    private const char Separator = '\n';

    /// <summary>As it stands in <c>next</c>.</summary>
    public string Format() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{StartMs}{Separator}{SizeMs}{Separator}{Type}{Separator}{Key}")));

    public static bool TryParse(string text, [NotNullWhen(true)] out WindowCursor? cursor)
    {
        cursor = null;
        if (text.Length > 4096 || !Base64Url.IsValid(text)) return false;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(Separator, 4);
        if (parts.Length != 4
            || !long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var start)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)) return false;
        cursor = new WindowCursor(start, size, parts[2], parts[3]);
        return true;
    }
}
