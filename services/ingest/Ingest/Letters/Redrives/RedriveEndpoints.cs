using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary><c>/api/v1/dead-letters/redrives</c>.</summary>
internal sealed class RedriveEndpoints(RedriveStore store, RedriveSignal signal)
{
    private const string Path = "/api/v1/dead-letters/redrives";
    private const int LongestKey = 200;

    /// <summary>Maps them.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(Path, LetterEndpoints.Handler(CreateAsync)).RequireScopes(Scopes.Write);
        endpoints.MapGet(Path, LetterEndpoints.Handler(ListAsync)).RequireScopes(Scopes.Read);
        endpoints.MapGet(Path + "/{id}", LetterEndpoints.Handler(GetAsync)).RequireScopes(Scopes.Read);
        endpoints.MapPost(Path + "/{id}/cancel", LetterEndpoints.Handler(CancelAsync)).RequireScopes(Scopes.Write);
    }

    private static IResult Show(RedriveRow row, int status) => Results.Json(RedriveDocument.From(row), IngestJson.Readable.RedriveDocument, statusCode: status);

    private static IResult NotFound(string id) => Problems.Result(ErrorCodes.NotFound, $"There is no redrive '{id}'.");

    private static string IdOf(HttpContext http) => ((string)http.Request.RouteValues["id"]!).Replace("\0", "\uFFFD", StringComparison.Ordinal);

    private async Task<IResult> CreateAsync(HttpContext http)
    {
        var key = http.Request.Headers["Idempotency-Key"].ToString() is { Length: > 0 } given ? given.Replace("\0", "\uFFFD", StringComparison.Ordinal) : null;
        if (key?.Length > LongestKey) return Problems.Result(ErrorCodes.BadRequest, $"Idempotency-Key has more than {LongestKey} characters.");
        if (await ReadBodyAsync(http) is not { } body)
            return Problems.Result(ErrorCodes.TooLarge, $"The body has more than {RedriveRequest.MaxBodyBytes} bytes.");
        if (RedriveRequest.Parse(body, out var fault) is not { } request) return Problems.Result(ErrorCodes.BadRequest, fault);
        var caller = http.GetCaller();
        var outcome = await store.CreateAsync(caller.Tenant, caller.Subject, key, request, http.RequestAborted);
        if (outcome.Redrive is not { } redrive) return Refuse(outcome.Refusal);
        if (outcome.IsNew) signal.Raise();
        http.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{Path}/{redrive.Id}");
        return Show(redrive, outcome.IsNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    private async Task<IResult> ListAsync(HttpContext http)
    {
        if (!PageQuery.TryRead(http.Request, out var page, out var refusal)) return refusal;
        var rows = await store.ListAsync(http.GetCaller().Tenant, page, http.RequestAborted);
        var shown = rows.Take(page.Limit).ToList();
        return Results.Json(
            new RedrivePage([.. shown.Select(RedriveDocument.From)], rows.Count > page.Limit ? PageQuery.Encode(shown[^1].CreatedAt, shown[^1].Id) : null),
            IngestJson.Readable.RedrivePage);
    }

    private async Task<IResult> GetAsync(HttpContext http) =>
        await store.FindAsync(http.GetCaller().Tenant, IdOf(http), http.RequestAborted) is { } row ? Show(row, StatusCodes.Status200OK) : NotFound(IdOf(http));

    private async Task<IResult> CancelAsync(HttpContext http)
    {
        var caller = http.GetCaller();
        var row = await store.CancelAsync(caller.Tenant, caller.Subject, IdOf(http), http.RequestAborted);
        signal.Raise();
        return row is null ? NotFound(IdOf(http)) : Show(row, StatusCodes.Status200OK);
    }

    private static IResult Refuse(RedriveRefusal refusal) => refusal switch
    {
        RedriveRefusal.KeyReused => Problems.Result(ErrorCodes.Conflict, "Another request came with the same Idempotency-Key. Give each request a key of its own."),
        RedriveRefusal.TooMany => Problems.Result(ErrorCodes.Conflict, $"There are {RedriveStore.MaxUnfinished} unfinished redrives. Wait for them or cancel some."),
        RedriveRefusal.UnknownLetter => Problems.Result(ErrorCodes.NotFound, "There is no such dead letter, or it is no longer in the list."),
        RedriveRefusal.NotDead => Problems.Result(ErrorCodes.Conflict, "The dead letter is redriven already, or a redrive has it in hand."),
        _ => throw new InvalidOperationException("A redrive was neither taken in nor refused."),
    };

    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        using var body = new MemoryStream();
        var chunk = new byte[8192];
        int read;
        while ((read = await http.Request.Body.ReadAsync(chunk, http.RequestAborted)) > 0)
        {
            if (body.Length + read > RedriveRequest.MaxBodyBytes) return null;
            body.Write(chunk, 0, read);
        }

        return body.ToArray();
    }
}
