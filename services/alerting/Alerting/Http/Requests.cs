using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;

namespace Millrace.Alerting.Http;

/// <summary>What the endpoints share: bodies, revisions, paging, refusals.</summary>
internal static class Requests
{
    /// <summary>Largest body, in bytes.</summary>
    public const int MaxBodyBytes = 256 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>A handler that answers with a result.</summary>
    public static RequestDelegate Handler(Func<HttpContext, Task<IResult>> handle) => async context => await (await handle(context)).ExecuteAsync(context);

    /// <summary>A handler for the thing with the <c>{id}</c> of the route.</summary>
    public static RequestDelegate Handler(Func<HttpContext, string, Task<IResult>> handle) =>
        async context => await (await handle(context, (string)context.Request.RouteValues["id"]!)).ExecuteAsync(context);

    /// <summary>Reads the body as JSON.</summary>
    /// <param name="context">The request.</param>
    /// <param name="emptyIsObject">Whether no body at all counts as <c>{}</c>.</param>
    /// <returns>The document, or the refusal.</returns>
    public static async Task<(JsonDocument? Body, IResult? Refusal)> ReadJsonAsync(HttpContext context, bool emptyIsObject = false)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MaxBodyBytes;
        using var buffer = new MemoryStream();
        var chunk = new byte[8192];
        int read;
        while ((read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0)
        {
            if (buffer.Length + read > MaxBodyBytes) return (null, Problems.Result(ErrorCodes.TooLarge, $"At most {MaxBodyBytes} bytes are taken."));
            buffer.Write(chunk, 0, read);
        }
        if (buffer.Length == 0)
        {
            return emptyIsObject
                ? (JsonDocument.Parse("{}"), null)
                : (null, Problems.Result(ErrorCodes.EmptyBody, "Send a JSON object."));
        }
        try
        {
            var bytes = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
            // First: the search for duplicate names throws at a name that is no text.
            if (!JsonUnicode.IsWhole(bytes.Span)) return (null, Problems.Result(ErrorCodes.InvalidUtf8, JsonUnicode.Problem));
            var document = JsonDocument.Parse(bytes, Strict);
            if (!JsonNul.IsIn(bytes.Span)) return (document, null);
            document.Dispose();
            return (null, Problems.Result(ErrorCodes.BadRequest, JsonNul.Problem));
        }
        catch (JsonException e)
        {
            return (null, Problems.Result(ErrorCodes.InvalidJson, JsonFault.Of(e)));
        }
    }

    /// <summary>Refuses a document for its fields.</summary>
    public static IResult Invalid(FieldErrors errors) => Problems.Result(
        ErrorCodes.BadRequest,
        "The document has bad fields: " + string.Join(" ", errors.Items.Select(error => $"{error.Field}: {error.Message}")),
        ("errors", errors.Items));

    /// <summary>
    /// The revision that the caller expects to change: from <c>If-Match</c>, an entity tag as GET gives it; <c>*</c> and nothing mean any.
    /// </summary>
    public static bool TryReadIfMatch(HttpContext context, out long? revision, [NotNullWhen(false)] out IResult? refusal)
    {
        revision = null;
        refusal = null;
        var text = context.Request.Headers.IfMatch.ToString();
        if (text.Length == 0 || text == "*") return true;
        if (long.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed))
            revision = parsed;
        else
            refusal = Problems.Result(ErrorCodes.PreconditionFailed, "If-Match must be the ETag of an earlier answer.");
        return refusal is null;
    }

    public static void SetETag(HttpContext context, long revision) =>
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");

    /// <summary>Reads <c>?limit=</c> (1 to 500, default 100) and <c>?cursor=</c>.</summary>
    public static bool TryReadPage(HttpContext context, out int limit, out string cursor, [NotNullWhen(false)] out IResult? refusal)
    {
        limit = 100;
        cursor = "";
        refusal = null;
        var given = context.Request.Query["limit"].ToString();
        if (given.Length > 0 && (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > 500))
            refusal = Problems.Result(ErrorCodes.BadRequest, "?limit= must be a number from 1 to 500.");
        else if (context.Request.Query["cursor"].ToString() is { Length: > 0 } text && !TryDecode(text, out cursor))
            refusal = Problems.Result(ErrorCodes.BadRequest, "?cursor= is not a cursor from an earlier page.");
        return refusal is null;
    }

    /// <summary>Makes a page of one item more than asked for.</summary>
    public static Page<TItem> ToPage<TRow, TItem>(List<TRow> rows, int limit, Func<TRow, TItem> item, Func<TRow, string> position)
    {
        var shown = rows.Take(limit).ToList();
        return new Page<TItem>([.. shown.Select(item)], rows.Count > limit ? Encode(position(shown[^1])) : null);
    }

    /// <summary>A cursor made of a time and an id.</summary>
    public static string Position(long atMs, string id) => string.Create(CultureInfo.InvariantCulture, $"{atMs}:{id}");

    /// <summary>Reads such a cursor; <see langword="null"/> for the first page.</summary>
    public static bool TryReadPosition(string cursor, out (long AtMs, string Id)? position)
    {
        position = null;
        if (cursor.Length == 0) return true;
        var colon = cursor.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !long.TryParse(cursor.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var atMs)) return false;
        position = (atMs, cursor[(colon + 1)..]);
        return true;
    }

    private static string Encode(string position) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(position));

    private static bool TryDecode(string cursor, out string position)
    {
        position = "";
        if (cursor.Length > 500 || !System.Buffers.Text.Base64Url.IsValid(cursor)) return false;
        position = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(cursor));
        return true;
    }
}
