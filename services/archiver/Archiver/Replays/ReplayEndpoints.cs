using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;

namespace Millrace.Archiver.Replays;

/// <summary><c>/api/v1/replays</c>.</summary>
internal sealed class ReplayEndpoints(ReplayStore store)
{
    private const string Path = "/api/v1/replays";
    private const int LongestKey = 200;

    /// <summary>Maps them.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(Path, Handler(CreateAsync)).RequireScopes(Scopes.Admin);
        endpoints.MapGet(Path, Handler(ListAsync)).RequireScopes(Scopes.Read);
        endpoints.MapGet(Path + "/{id}", Handler(GetAsync)).RequireScopes(Scopes.Read);
        endpoints.MapPost(Path + "/{id}/cancel", Handler(CancelAsync)).RequireScopes(Scopes.Admin);
        endpoints.MapDelete(Path + "/{id}", Handler(CancelAsync)).RequireScopes(Scopes.Admin);
    }

    private static RequestDelegate Handler(Func<HttpContext, Task<IResult>> handle) => async http => await (await handle(http)).ExecuteAsync(http);

    private static string IdOf(HttpContext http) => ((string)http.Request.RouteValues["id"]!).Replace("\0", "\uFFFD", StringComparison.Ordinal);

    private static IResult Show(HttpContext http, ReplayRow? row, int status = StatusCodes.Status200OK) => row is null
        ? Problems.Result(ErrorCodes.NotFound, $"There is no replay '{IdOf(http)}'.")
        : Results.Json(ReplayDocument.Of(row), ReplayJson.Default.ReplayDocument, statusCode: status);

    private async Task<IResult> CreateAsync(HttpContext http)
    {
        var key = http.Request.Headers["Idempotency-Key"].ToString() is { Length: > 0 } given ? given.Replace("\0", "\uFFFD", StringComparison.Ordinal) : null;
        if (key?.Length > LongestKey) return Problems.Result(ErrorCodes.BadRequest, $"Idempotency-Key has more than {LongestKey} characters.");
        using var body = new MemoryStream();
        var chunk = new byte[4096];
        for (int read; (read = await http.Request.Body.ReadAsync(chunk, http.RequestAborted)) > 0;)
        {
            if (body.Length + read > ReplayRequest.MaxBodyBytes) return Problems.Result(ErrorCodes.TooLarge, $"The body has more than {ReplayRequest.MaxBodyBytes} bytes.");
            body.Write(chunk, 0, read);
        }

        if (ReplayRequest.Parse(body.ToArray(), out var fault) is not { } request) return Problems.Result(ErrorCodes.BadRequest, fault);
        var caller = http.GetCaller();
        var outcome = await store.CreateAsync(caller.Tenant, caller.Subject, key, request, http.RequestAborted);
        if (outcome.Replay is not { } replay) return Problems.Result(ErrorCodes.Conflict, outcome.Refusal!);
        http.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{Path}/{replay.Id}");
        return Show(http, replay, outcome.IsNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    /// <summary>Reads <c>?limit=</c> (1 to 500, default 100) and <c>?cursor=</c>, an id.</summary>
    internal static bool TryReadPage(HttpContext http, out int limit, out string? cursor, [NotNullWhen(false)] out IResult? refusal)
    {
        limit = 100;
        cursor = http.Request.Query["cursor"].ToString() is { Length: > 0 } given ? given : null;
        refusal = null;
        if (http.Request.Query["limit"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > 500))
            refusal = Problems.Result(ErrorCodes.BadRequest, "?limit= must be a number from 1 to 500.");
        else if (cursor is not null && !IsId(cursor))
            refusal = Problems.Result(ErrorCodes.BadRequest, "?cursor= is not a cursor from an earlier page.");
        return refusal is null;
    }

    // As they are written here: the parser of Guids passes over white space.
    private static bool IsId(string text) => Guid.TryParseExact(text, "D", out var id) && id.ToString("D") == text;

    private async Task<IResult> ListAsync(HttpContext http)
    {
        if (!TryReadPage(http, out var limit, out var cursor, out var refusal)) return refusal;
        var rows = await store.ListAsync(http.GetCaller().Tenant, cursor, limit + 1, http.RequestAborted);
        return Results.Json(
            new ReplayPage([.. rows.Take(limit).Select(ReplayDocument.Of)], rows.Count > limit ? rows[limit - 1].Id : null), ReplayJson.Default.ReplayPage);
    }

    private async Task<IResult> GetAsync(HttpContext http) => Show(http, await store.FindAsync(http.GetCaller().Tenant, IdOf(http), http.RequestAborted));

    private async Task<IResult> CancelAsync(HttpContext http)
    {
        var caller = http.GetCaller();
        return Show(http, await store.CancelAsync(caller.Tenant, caller.Subject, IdOf(http), http.RequestAborted));
    }
}
