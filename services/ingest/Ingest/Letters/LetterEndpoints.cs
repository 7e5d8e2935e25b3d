using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;

namespace Millrace.Ingest.Letters;

/// <summary><c>GET /api/v1/dead-letters</c> and <c>GET /api/v1/dead-letters/{id}</c>.</summary>
internal sealed class LetterEndpoints(LetterStore store)
{
    /// <summary>Maps them.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/dead-letters", Handler(ListAsync)).RequireScopes(Scopes.Read);
        endpoints.MapGet("/api/v1/dead-letters/{id}", Handler(GetAsync)).RequireScopes(Scopes.Read);
    }

    /// <summary>A handler that answers with a result.</summary>
    public static RequestDelegate Handler(Func<HttpContext, Task<IResult>> handle) => async http => await (await handle(http)).ExecuteAsync(http);

    /// <summary>The value of a query parameter that names something; what can't be a name matches nothing.</summary>
    private static string? Text(HttpContext http, string name) => http.Request.Query[name].ToString() is { Length: > 0 } text ? text.Replace("\0", "\uFFFD", StringComparison.Ordinal) : null;

    /// <summary>Reads which letters are asked for.</summary>
    internal static bool TryRead(HttpContext http, [NotNullWhen(true)] out PageQuery? page, [NotNullWhen(true)] out LetterFilter? filter, [NotNullWhen(false)] out IResult? refusal)
    {
        filter = null;
        if (!PageQuery.TryRead(http.Request, out page, out refusal)) return false;
        if (!PageQuery.TryReadTime(http.Request, "from", out var from, out refusal)) return false;
        if (!PageQuery.TryReadTime(http.Request, "to", out var to, out refusal)) return false;
        LetterStatus? status = null;
        if (Text(http, "status") is { } name && (status = LetterStatuses.Parse(name)) is null)
        {
            refusal = Problems.Result(ErrorCodes.BadRequest, $"?status= must be one of {LetterStatuses.Names}.");
            return false;
        }

        filter = new LetterFilter(Text(http, "code"), Text(http, "stream"), from, to, status, Text(http, "redrive"));
        return true;
    }

    private async Task<IResult> ListAsync(HttpContext http)
    {
        if (!TryRead(http, out var page, out var filter, out var refusal)) return refusal;
        var tenant = http.GetCaller().Tenant;
        var rows = await store.ListAsync(tenant, filter, page.After, page.Limit + 1, http.RequestAborted);
        var shown = rows.Take(page.Limit).ToList();
        return Results.Json(
            new LetterPage(
                [.. shown.Select(LetterDocument.From)],
                rows.Count > page.Limit ? PageQuery.Encode(shown[^1].At, shown[^1].Id) : null,
                await store.DroppedAsync(tenant, http.RequestAborted)),
            IngestJson.Readable.LetterPage);
    }

    private async Task<IResult> GetAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        return !id.Contains('\0') && await store.FindAsync(http.GetCaller().Tenant, id, http.RequestAborted) is { } row
            ? Results.Json(LetterDocument.From(row), IngestJson.Readable.LetterDocument)
            : Problems.Result(ErrorCodes.NotFound, $"There is no dead letter '{id}'.");
    }
}
