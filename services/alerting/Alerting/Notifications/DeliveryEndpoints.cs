using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Alerting.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;

namespace Millrace.Alerting.Notifications;

/// <summary><c>/api/v1/deliveries</c>: the log of notifications.</summary>
internal sealed class DeliveryEndpoints(DeliveryLog log)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/deliveries", Requests.Handler(ListAsync)).RequireScopes(Scopes.Read);
        endpoints.MapGet("/api/v1/deliveries/{id}", Requests.Handler(GetAsync)).RequireScopes(Scopes.Read);
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        if (!Requests.TryReadPage(context, out var limit, out var cursor, out var refusal)) return refusal;
        if (!Requests.TryReadPosition(cursor, out var after))
            return Problems.Result(ErrorCodes.BadRequest, "?cursor= is not a cursor from an earlier page.");
        var stateName = context.Request.Query["state"].ToString();
        DeliveryState? state = null;
        if (stateName.Length > 0)
        {
            if (!DeliveryDocument.TryParseState(stateName, out var parsed))
                return Problems.Result(ErrorCodes.BadRequest, "?state= must be pending, sending, delivered or failed.");
            state = parsed;
        }
        var alertId = context.Request.Query["alert_id"].ToString();
        var rows = await log.ListAsync(
            context.GetCaller().Tenant, alertId.Length > 0 ? alertId : null, state, after, limit + 1, context.RequestAborted);
        return Results.Json(
            Requests.ToPage(rows, limit, DeliveryDocument.From, row => Requests.Position(row.CreatedAt, row.Id)), AlertingJson.Plain.PageDeliveryDocument);
    }

    private async Task<IResult> GetAsync(HttpContext context, string id)
    {
        var delivery = await log.FindAsync(context.GetCaller().Tenant, id, context.RequestAborted);
        return delivery is null ? WriteResults.NotFound("delivery", id) : Results.Json(delivery, AlertingJson.Plain.DeliveryDocument);
    }
}
