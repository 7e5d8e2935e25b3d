using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Letters;

/// <summary>What a list is asked for: <c>?limit=</c> (1 to 500, default 100) and <c>?cursor=</c>.</summary>
/// <param name="Limit">At most so many items.</param>
/// <param name="After">The last one of the page before.</param>
internal sealed record PageQuery(int Limit, (long AtMs, string Id)? After)
{
    private const int LongestCursor = 300;

    /// <summary>Reads it.</summary>
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out PageQuery? page, [NotNullWhen(false)] out IResult? refusal)
    {
        page = null;
        refusal = null;
        var limit = 100;
        (long, string)? after = null;
        if (request.Query["limit"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > 500))
            refusal = Problems.Result(ErrorCodes.BadRequest, "?limit= must be a number from 1 to 500.");
        else if (request.Query["cursor"].ToString() is { Length: > 0 } cursor && (after = Decode(cursor)) is null)
            refusal = Problems.Result(ErrorCodes.BadRequest, "?cursor= is not a cursor from an earlier page.");
        if (refusal is not null) return false;
        page = new PageQuery(limit, after);
        return true;
    }

    /// <summary>Reads a time from the query; absent is <see langword="null"/>.</summary>
    public static bool TryReadTime(HttpRequest request, string name, out long? ms, [NotNullWhen(false)] out IResult? refusal)
    {
        ms = null;
        refusal = null;
        if (request.Query[name].ToString() is not { Length: > 0 } text) return true;
        if (ParseTime(text) is { } time)
        {
            ms = time;
            return true;
        }

        refusal = Problems.Result(ErrorCodes.BadRequest, $"?{name}= must be an RFC 3339 time such as 2026-01-31T12:00:00Z, or milliseconds since 1970.");
        return false;
    }

    /// <summary>A time as RFC 3339 or milliseconds since 1970.</summary>
    public static long? ParseTime(string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms)) return ms;
        return Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out ms) ? ms : null;
    }

    /// <summary>The cursor of a place in the list.</summary>
    public static string Encode(long atMs, string id) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{atMs}:{id}")));

    private static (long AtMs, string Id)? Decode(string cursor)
    {
        if (cursor.Length > LongestCursor || !Base64Url.IsValid(cursor)) return null;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && !text.Contains('\0') && long.TryParse(text.AsSpan(0, colon), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var atMs)
            ? (atMs, text[(colon + 1)..])
            : null;
    }
}
