using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge;

/// <summary><c>/connection/websocket</c>: where the <c>centrifuge</c> SDKs connect.</summary>
internal static class CentrifugeEndpoint
{
    private const string Json = "centrifuge-json";
    private const string Protobuf = "centrifuge-protobuf";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider.GetRequiredService<ConnectionServices>();
        endpoints.MapMethods("/connection/websocket", [HttpMethods.Get, HttpMethods.Connect], (RequestDelegate)(c => ServeAsync(c, services)));
    }

    private static async Task ServeAsync(HttpContext context, ConnectionServices services)
    {
        if (!await WebSocketUpgrade.CheckAsync(context)) return;
        var offered = WebSocketHandshake.Offered(context).ToList();
        var query = context.Request.Query;
        if ((offered.Contains(Protobuf) && !offered.Contains(Json)) || query["format"] == "protobuf" || query["cf_protocol"] == "protobuf")
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"The Protobuf form of the protocol is not offered; use JSON (subprotocol {Json}, or none).");
            return;
        }

        (string, AuthenticationVerdict)? upgrade = null;
        if (Credentials.Read(context.Request) is { Length: > 0 } credential)
        {
            var verdict = await services.Authenticator.AuthenticateAsync(credential, context.RequestAborted);
            if (verdict.Outcome != AuthenticationOutcome.Accepted)
            {
                services.Refusals.Record(context, null, null, verdict.Outcome == AuthenticationOutcome.Expired ? "expired" : "invalid");
                await Problems.WriteAsync(context, ErrorCodes.InvalidCredential, verdict.Detail ?? "The credential is not valid.");
                return;
            }

            upgrade = (credential, verdict);
        }

        await WebSocketUpgrade.ServeAsync(
            context,
            services,
            offered.Contains(Json) ? Json : null,
            (stream, transport) => new CentrifugeConnection(context, stream, transport, services, upgrade, query["cf_ws_frame_ping_pong"] == "true"));
    }
}
