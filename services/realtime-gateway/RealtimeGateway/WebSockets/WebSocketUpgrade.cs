using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets.Listening;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>From a request to a connection that is served.</summary>
internal static class WebSocketUpgrade
{
    /// <summary>Whether the request is a well-formed handshake; otherwise it has been answered.</summary>
    public static async ValueTask<bool> CheckAsync(HttpContext context)
    {
        string? problem;
        if (!WebSocketHandshake.IsRequested(context))
        {
            context.Response.Headers.Upgrade = "websocket";
            problem = "This path speaks WebSocket only (RFC 6455).";
        }
        else
        {
            problem = WebSocketHandshake.Check(context);
        }

        if (problem is null) return true;
        context.Response.Headers.SecWebSocketVersion = "13";
        await Problems.WriteAsync(context, ErrorCodes.BadRequest, problem);
        return false;
    }

    /// <summary>Upgrades and serves to the end, if there is a place.</summary>
    public static async Task ServeAsync(
        HttpContext context, ConnectionServices services, Wire wire, string? subprotocol, Func<Wire, WebSocketTransport, WebSocketConnection> create)
    {
        if (!services.Hub.TryTakePlace())
        {
            await RefuseAsync(context, services);
            return;
        }

        WebSocketConnection? connection = null;
        try
        {
            var compression = services.Options.Compression ? MessageDeflate.Negotiate(context.Request.Headers.SecWebSocketExtensions) : null;
            await using var stream = await WebSocketHandshake.AcceptAsync(context, subprotocol, compression);
            if (compression is not null) wire = wire.Deflated();
            if (context.Features.Get<IDetachFeature>() is not { } detach)
            {
                connection = create(wire, new ServerTransport(context, stream, services.Options.SocketSendBufferBytes));
                await connection.RunAsync();
                return;
            }

            // The request ends here, and with it all that the server keeps for it.
            connection = create(wire, new SocketTransport(detach.Detach(), services.Options.SocketSendBufferBytes));
            using var letGo = ExecutionContext.SuppressFlow();
            _ = connection.RunAsync();
        }
        finally
        {
            if (connection is null) services.Hub.GivePlaceBack();
        }
    }

    /// <summary>Answers that no connection can be taken.</summary>
    public static Task RefuseAsync(HttpContext context, ConnectionServices services)
    {
        services.Metrics.Refused(services.Hub.IsDraining ? "draining" : "limit");
        context.Response.Headers.RetryAfter = "1";
        return Problems.WriteAsync(
            context, ErrorCodes.Overloaded, services.Hub.IsDraining ? "This instance is stopping." : "All connections of this instance are taken, or too many begin at once.");
    }
}
