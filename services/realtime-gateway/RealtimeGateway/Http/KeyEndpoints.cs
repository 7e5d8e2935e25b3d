using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;

namespace Millrace.RealtimeGateway.Http;

/// <summary><c>/api/v1/keys</c>: the tenant's API keys, for its administrators. A key's clear text is shown once, when it is made.</summary>
internal sealed class KeyEndpoints(IApiKeyStore keys)
{
    private const int MaxName = 100;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = ActivatorUtilities.CreateInstance<KeyEndpoints>(endpoints.ServiceProvider);
        endpoints.MapGet("/api/v1/keys", (RequestDelegate)self.ListAsync).RequireScopes(Scopes.Admin);
        endpoints.MapPost("/api/v1/keys", (RequestDelegate)self.CreateAsync).RequireScopes(Scopes.Admin);
        endpoints.MapDelete("/api/v1/keys/{id}", (RequestDelegate)self.RevokeAsync).RequireScopes(Scopes.Admin);
    }

    private async Task ListAsync(HttpContext context)
    {
        var list = await keys.ListAsync(context.GetCaller().Tenant, context.RequestAborted);
        var page = new Page<KeyAnswer>([.. list.Select(k => Answer(k, null))], null);
        await RequestBody.WriteAsync(context, page, GatewayJson.Default.PageKeyAnswer);
    }

    private async Task CreateAsync(HttpContext context)
    {
        if (await RequestBody.ReadAsync(context, GatewayJson.Default.KeyRequest, new KeyRequest(null, null)) is not { } request) return;
        var caller = context.GetCaller();
        if (request.Name is not { Length: > 0 and <= MaxName } name)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"name is required and has at most {MaxName} characters.");
            return;
        }

        var scopes = Scopes.None;
        foreach (var text in request.Scopes ?? [])
        {
            if (!ScopeNames.TryParse(text, out var scope))
            {
                await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"'{text}' is not a scope; there are {ScopeNames.Format(ScopeNames.All)}.");
                return;
            }

            scopes |= scope;
        }

        if (scopes == Scopes.None)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"scopes is required, some of {ScopeNames.Format(ScopeNames.All)}.");
            return;
        }

        if (!caller.Has(scopes))
        {
            await Problems.WriteAsync(context, ErrorCodes.Forbidden, "A key cannot have scopes that its maker does not have.");
            return;
        }

        if (await keys.CreateAsync(caller.Tenant, name, scopes, caller.Subject, context.RequestAborted) is not { } created)
        {
            await Problems.WriteAsync(context, ErrorCodes.Conflict, "The tenant has as many keys as it may; revoke one first.");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = "/api/v1/keys/" + created.Key.Id;
        await RequestBody.WriteAsync(context, Answer(created.Key, created.ClearText), GatewayJson.Default.KeyAnswer);
    }

    private async Task RevokeAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var id = (string)context.GetRouteValue("id")!;
        if (await keys.RevokeAsync(caller.Tenant, id, caller.Subject, context.RequestAborted)) context.Response.StatusCode = StatusCodes.Status204NoContent;
        else await Problems.WriteAsync(context, ErrorCodes.NotFound, "The tenant has no such key in force.");
    }

    private static KeyAnswer Answer(ApiKey key, string? clearText) =>
        new(key.Id, key.Name, ScopeNames.ToList(key.Scopes), key.CreatedAt, key.RevokedAt, clearText);
}
