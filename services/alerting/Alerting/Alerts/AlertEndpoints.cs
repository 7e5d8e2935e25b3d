using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Alerting.Http;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;

namespace Millrace.Alerting.Alerts;

/// <summary><c>/api/v1/alerts</c>.</summary>
internal sealed class AlertEndpoints(AlertStore store, AlertingSignals signals)
{
    // Alerts that never fired are kept for a while so that a replay recognises them, but nobody asks for them.
    private static readonly AlertState[] Shown = [AlertState.Pending, AlertState.Firing, AlertState.Recovering, AlertState.Resolved];

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/alerts", Requests.Handler(ListAsync)).RequireScopes(Scopes.Read);
        endpoints.MapGet("/api/v1/alerts/{id}", Requests.Handler(GetAsync)).RequireScopes(Scopes.Read);
        endpoints.MapPost("/api/v1/alerts/{id}/ack", Requests.Handler(AcknowledgeAsync)).RequireScopes(Scopes.Write);
        endpoints.MapPost("/api/v1/alerts/{id}/unack", Requests.Handler(UnacknowledgeAsync)).RequireScopes(Scopes.Write);
        endpoints.MapPost("/api/v1/alerts/{id}/snooze", Requests.Handler(SnoozeAsync)).RequireScopes(Scopes.Write);
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        if (!Requests.TryReadPage(context, out var limit, out var cursor, out var refusal)) return refusal;
        if (!Requests.TryReadPosition(cursor, out var after))
            return Problems.Result(ErrorCodes.BadRequest, "?cursor= is not a cursor from an earlier page.");
        if (!TryReadStates(context, out var states))
            return Problems.Result(ErrorCodes.BadRequest, $"?state= must be some of {AlertStates.Names}, separated by commas.");
        var rows = await store.ListAsync(
            context.GetCaller().Tenant, states, Query(context, "rule_id"), Query(context, "stream"), after, limit + 1, context.RequestAborted);
        return Results.Json(
            Requests.ToPage(rows, limit, AlertDocument.From, row => Requests.Position(row.StartedAt, row.Id)), AlertingJson.Plain.PageAlertDocument);
    }

    private async Task<IResult> GetAsync(HttpContext context, string id) =>
        await store.FindAsync(context.GetCaller().Tenant, id, context.RequestAborted) is { } row ? Show(row) : WriteResults.NotFound("alert", id);

    private async Task<IResult> AcknowledgeAsync(HttpContext context, string id)
    {
        var caller = context.GetCaller();
        var (body, refusal) = await Requests.ReadJsonAsync(context, emptyIsObject: true);
        if (body is null) return refusal!;
        using (body)
        {
            var errors = new FieldErrors();
            var fields = JsonFields.Open(body.RootElement, errors);
            var comment = fields?.Text("comment", 1000);
            fields?.RejectOthers();
            if (errors.Any) return Requests.Invalid(errors);
            return await AnswerAsync(context, id, await store.AcknowledgeAsync(caller.Tenant, id, caller.Subject, comment, context.RequestAborted));
        }
    }

    private async Task<IResult> UnacknowledgeAsync(HttpContext context, string id)
    {
        var caller = context.GetCaller();
        return await AnswerAsync(context, id, await store.UnacknowledgeAsync(caller.Tenant, id, caller.Subject, context.RequestAborted));
    }

    private async Task<IResult> SnoozeAsync(HttpContext context, string id)
    {
        var caller = context.GetCaller();
        var (body, refusal) = await Requests.ReadJsonAsync(context);
        if (body is null) return refusal!;
        using (body)
        {
            var errors = new FieldErrors();
            var fields = JsonFields.Open(body.RootElement, errors);
            var duration = fields?.Duration("for", TimeSpan.Zero, TimeSpan.FromDays(30), required: true);
            fields?.RejectOthers();
            if (errors.Any || duration is null) return Requests.Invalid(errors);
            var row = await store.SnoozeAsync(caller.Tenant, id, caller.Subject, duration.Value, context.RequestAborted);
            signals.Snoozes.Set();
            return await AnswerAsync(context, id, row);
        }
    }

    private async Task<IResult> AnswerAsync(HttpContext context, string id, AlertRow? changed)
    {
        if (changed is not null)
        {
            signals.Changes.Set();
            return Show(changed);
        }
        var row = await store.FindAsync(context.GetCaller().Tenant, id, context.RequestAborted);
        return row is null
            ? WriteResults.NotFound("alert", id)
            : Problems.Result(ErrorCodes.Conflict, $"The alert is {AlertStates.Name(row.AlertState)}: there is nothing to do about it any more.");
    }

    private static IResult Show(AlertRow row) => Results.Json(AlertDocument.From(row), AlertingJson.Plain.AlertDocument);

    private static string? Query(HttpContext context, string name) => context.Request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>Reads <c>?state=</c>: some of the states, or all that anybody asks for.</summary>
    internal static bool TryReadStates(HttpContext context, out IReadOnlyList<AlertState> states)
    {
        states = Shown;
        if (Query(context, "state") is not { } text) return true;
        var list = new List<AlertState>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!AlertStates.TryParse(name, out var state)) return false;
            list.Add(state);
        }
        states = list;
        return list.Count > 0;
    }
}
