using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Plain;

/// <summary><c>GET /ws</c> and <c>GET /sse</c>: one channel, one JSON document a message, no protocol to learn.</summary>
internal static class PlainEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider.GetRequiredService<ConnectionServices>();
        endpoints.MapMethods("/ws", [HttpMethods.Get, HttpMethods.Connect], (RequestDelegate)(c => ServeSocketAsync(c, services)))
            .RequireScopes(Scopes.Read);
        endpoints.MapGet("/sse", (RequestDelegate)(c => ServeEventsAsync(c, services))).RequireScopes(Scopes.Read);
    }

    private static async Task ServeSocketAsync(HttpContext context, ConnectionServices services)
    {
        if (!await WebSocketUpgrade.CheckAsync(context)) return;
        if (await PlainRequest.ReadAsync(context, services.Authenticator, null, takesDeltas: true) is not { } request) return;
        await WebSocketUpgrade.ServeAsync(
            context, services, Wire.WebSocket, null, (wire, transport) => new PlainSocketConnection(wire, transport, services, request));
    }

    private static async Task ServeEventsAsync(HttpContext context, ConnectionServices services)
    {
        var lastEventId = context.Request.Headers["Last-Event-ID"].ToString();
        if (await PlainRequest.ReadAsync(context, services.Authenticator, lastEventId.Length > 0 ? lastEventId : null, takesDeltas: false) is not { } request) return;
        if (!services.Hub.TryTakePlace())
        {
            await WebSocketUpgrade.RefuseAsync(context, services);
            return;
        }

        try
        {
            ResponseTransport.Begin(context, "text/event-stream");
            await new EventStreamConnection(context, services, request).RunAsync();
        }
        finally
        {
            services.Hub.GivePlaceBack();
        }
    }
}
