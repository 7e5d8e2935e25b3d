using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary><c>/connection/sse</c>: the protocol as server-sent events, with <c>/emulation</c> for the way back.</summary>
internal static class EventsEndpoint
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider.GetRequiredService<SessionServices>();
        endpoints.MapMethods("/connection/sse", [HttpMethods.Get, HttpMethods.Post], (RequestDelegate)(c => ServeAsync(c, services)));
        endpoints.MapMethods("/connection/sse", [HttpMethods.Options], (RequestDelegate)StreamEndpoint.AllowAsync);
    }

    private static async Task ServeAsync(HttpContext context, SessionServices services)
    {
        StreamEndpoint.Share(context);
        if (await CentrifugeRequest.BeginAsync(context, services) is not { } start) return;
        if (await StreamEndpoint.ReadFirstAsync(context, services) is not { } first) return;
        await StreamEndpoint.ServeTwoWayAsync(context, services, Wire.CentrifugeEvents, "text/event-stream", start, first);
    }
}
