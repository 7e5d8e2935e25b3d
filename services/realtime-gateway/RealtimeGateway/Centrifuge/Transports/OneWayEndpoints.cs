using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary>
/// <c>/connection/uni_websocket</c>, <c>/connection/uni_sse</c> and <c>/connection/uni_http_stream</c>: pushes for clients that need no library, only a connect
/// request in JSON to begin with.
/// </summary>
internal static class OneWayEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider.GetRequiredService<SessionServices>();
        string[] both = [HttpMethods.Get, HttpMethods.Post];
        endpoints.MapMethods("/connection/uni_websocket", [HttpMethods.Get, HttpMethods.Connect], (RequestDelegate)(c => ServeSocketAsync(c, services)));
        endpoints.MapMethods("/connection/uni_sse", both, (RequestDelegate)(c => ServeStreamAsync(c, services, Wire.PushEvents, "text/event-stream")));
        endpoints.MapMethods("/connection/uni_http_stream", both, (RequestDelegate)(c => ServeStreamAsync(c, services, Wire.PushLines, "application/x-ndjson")));
        endpoints.MapMethods("/connection/uni_sse", [HttpMethods.Options], (RequestDelegate)StreamEndpoint.AllowAsync);
        endpoints.MapMethods("/connection/uni_http_stream", [HttpMethods.Options], (RequestDelegate)StreamEndpoint.AllowAsync);
    }

    private static async Task ServeSocketAsync(HttpContext context, SessionServices services)
    {
        if (!await WebSocketUpgrade.CheckAsync(context)) return;
        if (await CentrifugeRequest.BeginAsync(context, services) is not { } start) return;
        start = start with { OneWay = true, ControlFramePings = true };
        await WebSocketUpgrade.ServeAsync(
            context, services.Connections, Wire.PushFrames, null, (wire, transport) => new OneWaySocket(wire, transport, services, start));
    }

    private static async Task ServeStreamAsync(HttpContext context, SessionServices services, Wire wire, string contentType)
    {
        StreamEndpoint.Share(context);
        if (await CentrifugeRequest.BeginAsync(context, services) is not { } start) return;
        if (await StreamEndpoint.ReadFirstAsync(context, services) is not { } first) return;
        // With the credential in the request itself there may be nothing more to say.
        var command = first.Length == 0 ? new Command() : MessageFormat.Json.ReadConnect(first);
        if (command is null)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"The body, or ?{StreamEndpoint.ConnectParameter}=, must be a connect request in JSON.");
            return;
        }

        await StreamEndpoint.ServeAsync(
            context, services, wire, contentType, start with { OneWay = true, Pongs = false }, (session, cancellationToken) => session.ConnectAsync(command, cancellationToken));
    }
}
