using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Http;

/// <summary><c>GET /api/v1/me</c> and <c>GET /api/v1/streams</c>: what a user interface asks first.</summary>
internal static class CallerEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var streams = endpoints.ServiceProvider.GetRequiredService<StreamDirectory>();
        endpoints.MapGet("/api/v1/me", (RequestDelegate)MeAsync).RequireScopes(Scopes.None);
        endpoints.MapGet("/api/v1/streams", (RequestDelegate)(c => StreamsAsync(c, streams))).RequireScopes(Scopes.Read);
    }

    private static Task MeAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var kind = caller.Kind == CredentialKind.ApiKey ? "api_key" : "token";
        return RequestBody.WriteAsync(
            context,
            new MeAnswer(caller.Tenant, caller.Subject, ScopeNames.ToList(caller.Scopes), caller.Roles, kind, caller.ExpiresAt),
            GatewayJson.Default.MeAnswer);
    }

    private static Task StreamsAsync(HttpContext context, StreamDirectory streams) => RequestBody.WriteAsync(
        context,
        new Page<StreamAnswer>(
            [.. streams.Of(context.GetCaller().Tenant).Select(s => new StreamAnswer(s.Stream, DateTimeOffset.FromUnixTimeMilliseconds(s.LastSeenMs)))],
            null),
        GatewayJson.Default.PageStreamAnswer);
}
