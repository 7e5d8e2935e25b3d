using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Http;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Storage;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;

namespace Millrace.Alerting.Notifications;

/// <summary><c>/api/v1/receivers</c>.</summary>
internal sealed class ReceiverEndpoints(ReceiverStore store, IEnumerable<INotificationChannel> channels, IOptions<AlertingOptions> options)
{
    private const string What = "receiver";

    private readonly Dictionary<string, INotificationChannel> _channels = channels.ToDictionary(channel => channel.Kind, StringComparer.Ordinal);

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/receivers", Requests.Handler(ListAsync)).RequireScopes(Scopes.Read);
        endpoints.MapGet("/api/v1/receivers/{id}", Requests.Handler(GetAsync)).RequireScopes(Scopes.Read);
        endpoints.MapPost("/api/v1/receivers", Requests.Handler(CreateAsync)).RequireScopes(Scopes.Write);
        endpoints.MapPut("/api/v1/receivers/{id}", Requests.Handler(ReplaceAsync)).RequireScopes(Scopes.Write);
        endpoints.MapDelete("/api/v1/receivers/{id}", Requests.Handler(DeleteAsync)).RequireScopes(Scopes.Write);
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        if (!Requests.TryReadPage(context, out var limit, out var cursor, out var refusal)) return refusal;
        var receivers = await store.ListAsync(context.GetCaller().Tenant, cursor, limit + 1, context.RequestAborted);
        var page = Requests.ToPage(receivers, limit, receiver => ToJson(receiver), receiver => receiver.Id);
        return Json(new JsonObject { ["items"] = new JsonArray([.. page.Items]), ["next"] = page.Next });
    }

    private async Task<IResult> GetAsync(HttpContext context, string id)
    {
        var receiver = await store.FindAsync(context.GetCaller().Tenant, id, context.RequestAborted);
        return receiver is null ? WriteResults.NotFound(What, id) : Show(context, receiver);
    }

    private async Task<IResult> CreateAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var (body, refusal) = await Requests.ReadJsonAsync(context);
        if (body is null) return refusal!;
        using (body)
        {
            var errors = new FieldErrors();
            if (Parse(body.RootElement, caller.Tenant, null, errors, out _) is not { } receiver) return Requests.Invalid(errors);
            var outcome = await store.AddAsync(receiver, caller.Subject, options.Value.MaxReceiversPerTenant, context.RequestAborted);
            if (outcome.Value is not { } added) return WriteResults.Refusal(outcome.Status, What, receiver.Id, outcome.References);
            context.Response.Headers.Location = "/api/v1/receivers/" + added.Id;
            return Show(context, added, created: true);
        }
    }

    private async Task<IResult> ReplaceAsync(HttpContext context, string id)
    {
        var caller = context.GetCaller();
        if (!Requests.TryReadIfMatch(context, out var expected, out var refusal)) return refusal;
        (var body, refusal) = await Requests.ReadJsonAsync(context);
        if (body is null) return refusal!;
        using (body)
        {
            var known = await store.FindAsync(caller.Tenant, id, context.RequestAborted);
            if (known is null) return WriteResults.NotFound(What, id);
            var errors = new FieldErrors();
            if (Parse(body.RootElement, caller.Tenant, known, errors, out var given) is not { } receiver) return Requests.Invalid(errors);
            // What was kept of the known one went into the new one, so nothing may have come between.
            var conditional = expected is not null;
            expected ??= given;
            var outcome = expected is not null && expected != known.Revision
                ? new WriteOutcome<Receiver>(WriteStatus.WrongRevision)
                : await store.ReplaceAsync(receiver, caller.Subject, context.RequestAborted);
            return outcome.Value is { } changed
                ? Show(context, changed)
                : WriteResults.Refusal(outcome.Status, What, id, outcome.References, conditional);
        }
    }

    private async Task<IResult> DeleteAsync(HttpContext context, string id)
    {
        var caller = context.GetCaller();
        if (!Requests.TryReadIfMatch(context, out var expected, out var refusal)) return refusal;
        var outcome = await store.DeleteAsync(caller.Tenant, id, expected, caller.Subject, context.RequestAborted);
        return outcome.Status == WriteStatus.Written
            ? Results.NoContent()
            : WriteResults.Refusal(outcome.Status, What, id, outcome.References, conditional: true);
    }

    private Receiver? Parse(JsonElement json, string tenant, Receiver? known, FieldErrors errors, out long? revision)
    {
        revision = null;
        if (JsonFields.Open(json, errors) is not { } fields) return null;
        var id = fields.Text("id", EntityId.MaxLength);
        if (id is not null && !EntityId.IsValid(id)) fields.Error("id", ErrorCodes.InvalidName, EntityId.Rule);
        if (id is not null && known is not null && id != known.Id) fields.Error("id", ErrorCodes.BadRequest, "Is not the id in the path.");
        revision = fields.Integer("revision");
        var name = fields.Text("name", 128, required: true);
        var kind = fields.Choice("kind", _channels.Keys, required: true);
        JsonObject? settings = null;
        if (kind is not null)
        {
            settings = _channels[kind].ReadSettings(fields, known?.Kind == kind ? known.Settings : null);
            fields.RejectOthers("created_at", "updated_at");
        }
        if (errors.Any || settings is null) return null;
        return new Receiver(tenant, known?.Id ?? id ?? EntityId.New(), name!, kind!, settings, known?.Revision ?? 1);
    }

    private JsonObject ToJson(Receiver receiver, bool created = false)
    {
        var json = new JsonObject { ["id"] = receiver.Id, ["name"] = receiver.Name, ["kind"] = receiver.Kind };
        _channels.GetValueOrDefault(receiver.Kind)?.Show(receiver.Settings, json, created);
        json["revision"] = receiver.Revision;
        json["created_at"] = Instant.Format(receiver.CreatedAtMs);
        json["updated_at"] = Instant.Format(receiver.UpdatedAtMs);
        return json;
    }

    private IResult Show(HttpContext context, Receiver receiver, bool created = false)
    {
        Requests.SetETag(context, receiver.Revision);
        return Json(ToJson(receiver, created), created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static IResult Json(JsonObject json, int status = StatusCodes.Status200OK) =>
        Results.Text(json.ToJsonString(), "application/json", statusCode: status);
}
