using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Http;
using Millrace.Alerting.Storage;
using Millrace.Hosting.Authentication;

namespace Millrace.Alerting.Rules;

/// <summary><c>/api/v1/rules</c>.</summary>
internal sealed class RuleEndpoints(RuleStore store, RuleParser parser, IOptions<AlertingOptions> options)
{
    private const string What = "rule";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/rules", Requests.Handler(ListAsync)).RequireScopes(Scopes.Read);
        endpoints.MapGet("/api/v1/rules/{id}", Requests.Handler(GetAsync)).RequireScopes(Scopes.Read);
        endpoints.MapPost("/api/v1/rules", Requests.Handler(CreateAsync)).RequireScopes(Scopes.Write);
        endpoints.MapPut("/api/v1/rules/{id}", Requests.Handler(ReplaceAsync)).RequireScopes(Scopes.Write);
        endpoints.MapDelete("/api/v1/rules/{id}", Requests.Handler(DeleteAsync)).RequireScopes(Scopes.Write);
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        if (!Requests.TryReadPage(context, out var limit, out var cursor, out var refusal)) return refusal;
        var rules = await store.ListAsync(context.GetCaller().Tenant, cursor, limit + 1, context.RequestAborted);
        return Results.Json(Requests.ToPage(rules, limit, RuleDocument.From, rule => rule.Id), AlertingJson.Plain.PageRuleDocument);
    }

    private async Task<IResult> GetAsync(HttpContext context, string id)
    {
        var rule = await store.FindAsync(context.GetCaller().Tenant, id, context.RequestAborted);
        return rule is null ? WriteResults.NotFound(What, id) : Show(context, rule);
    }

    private async Task<IResult> CreateAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var (body, refusal) = await Requests.ReadJsonAsync(context);
        if (body is null) return refusal!;
        using (body)
        {
            var errors = new FieldErrors();
            if (parser.Parse(body.RootElement, caller.Tenant, null, errors) is not { } rule) return Requests.Invalid(errors);
            var outcome = await store.AddAsync(rule, caller.Subject, options.Value.MaxRulesPerTenant, context.RequestAborted);
            if (outcome.Value is not { } added) return WriteResults.Refusal(outcome.Status, What, rule.Id, outcome.References);
            context.Response.Headers.Location = "/api/v1/rules/" + added.Id;
            return Show(context, added, StatusCodes.Status201Created);
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
            var errors = new FieldErrors();
            var rule = parser.Parse(body.RootElement, caller.Tenant, id, errors);
            if (rule is null) return Requests.Invalid(errors);
            var conditional = expected is not null;
            expected ??= RevisionIn(body.RootElement);
            var outcome = await store.ReplaceAsync(rule, expected, caller.Subject, context.RequestAborted);
            return outcome.Value is { } changed
                ? Show(context, changed)
                : WriteResults.Refusal(outcome.Status, What, id, outcome.References, conditional);
        }
    }

    private async Task<IResult> DeleteAsync(HttpContext context, string id)
    {
        var caller = context.GetCaller();
        if (!Requests.TryReadIfMatch(context, out var expected, out var refusal)) return refusal;
        var status = await store.DeleteAsync(caller.Tenant, id, expected, caller.Subject, context.RequestAborted);
        return status == WriteStatus.Written ? Results.NoContent() : WriteResults.Refusal(status, What, id, conditional: true);
    }

    // A document that was got and is sent back changed carries the revision that it was made from.
    private static long? RevisionIn(JsonElement body) =>
        body.TryGetProperty("revision", out var revision) && revision.ValueKind == JsonValueKind.Number && revision.TryGetInt64(out var number) ? number : null;

    private static IResult Show(HttpContext context, Rule rule, int status = StatusCodes.Status200OK)
    {
        Requests.SetETag(context, rule.Revision);
        return Results.Json(RuleDocument.From(rule), AlertingJson.Plain.RuleDocument, statusCode: status);
    }
}
