using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary><c>/connection/websocket</c>: where the <c>centrifuge</c> SDKs connect.</summary>
internal static class SocketEndpoint
{
    private const string Json = "centrifuge-json";
    private const string Protobuf = "centrifuge-protobuf";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider.GetRequiredService<SessionServices>();
        endpoints.MapMethods("/connection/websocket", [HttpMethods.Get, HttpMethods.Connect], (RequestDelegate)(c => ServeAsync(c, services)));
    }

    private static async Task ServeAsync(HttpContext context, SessionServices services)
    {
        if (!await WebSocketUpgrade.CheckAsync(context)) return;
        if (await CentrifugeRequest.BeginAsync(context, services) is not { } start) return;
        var query = context.Request.Query;
        start = start with { ControlFramePings = query["cf_ws_frame_ping_pong"] == "true" };
        // The first of its subprotocols that we know; without one the address decides.
        var subprotocol = WebSocketHandshake.Offered(context).FirstOrDefault(p => p is Json or Protobuf);
        var wire = subprotocol == Protobuf || (subprotocol is null && (query["format"] == "protobuf" || query["cf_protocol"] == "protobuf"))
            ? Wire.CentrifugeProtobuf
            : Wire.CentrifugeJson;
        await WebSocketUpgrade.ServeAsync(
            context, services.Connections, wire, subprotocol, (agreed, transport) => new CentrifugeSocket(agreed, transport, services, start));
    }
}
