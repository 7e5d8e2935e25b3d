using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Http;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary>What the endpoints over long answers have in common.</summary>
internal static class StreamEndpoint
{
    /// <summary>Name of the parameter that carries the first command where a request has no body.</summary>
    public const string ConnectParameter = "cf_connect";

    /// <summary>What the client sends to begin with; <see langword="null"/> when it was refused and answered.</summary>
    public static async ValueTask<byte[]?> ReadFirstAsync(HttpContext context, SessionServices services)
    {
        if (!HttpMethods.IsGet(context.Request.Method)) return await ReadBodyAsync(context, services);
        return Encoding.UTF8.GetBytes(context.Request.Query[ConnectParameter].ToString());
    }

    /// <summary>The request's body; <see langword="null"/> when it was refused and answered.</summary>
    public static ValueTask<byte[]?> ReadBodyAsync(HttpContext context, SessionServices services) =>
        RequestBody.ReadBytesAsync(context, services.Connections.Options.InboundBytes);

    /// <summary>Serves a client whose commands come by other requests, but for the first one.</summary>
    public static async Task ServeTwoWayAsync(HttpContext context, SessionServices services, Wire wire, string contentType, SessionStart start, byte[] first)
    {
        if (first.Length == 0)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"The connect command is missing: in the body, or for server-sent events in ?{ConnectParameter}=.");
            return;
        }

        await ServeAsync(
            context, services, wire, contentType, start with { Emulated = true, Aborted = context.RequestAborted }, async (session, cancellationToken) => await session.ReceiveAsync(first, cancellationToken));
    }

    /// <summary>Serves a session to its end, if there is a place.</summary>
    public static async Task ServeAsync(
        HttpContext context, SessionServices services, Wire wire, string contentType, SessionStart start, Func<Session, CancellationToken, ValueTask> begin)
    {
        if (!services.Connections.Hub.TryTakePlace())
        {
            await WebSocketUpgrade.RefuseAsync(context, services.Connections);
            return;
        }

        try
        {
            ResponseTransport.Begin(context, contentType);
            await new CentrifugeStream(wire, context, services, start).RunAsync(begin);
        }
        finally
        {
            services.Connections.Hub.GivePlaceBack();
        }
    }

    /// <summary>Answers a browser that asks whether a page of elsewhere may send this.</summary>
    public static Task AllowAsync(HttpContext context)
    {
        Share(context);
        context.Response.Headers.AccessControlAllowMethods = "GET, POST, OPTIONS";
        context.Response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type, X-API-Key";
        context.Response.Headers.AccessControlMaxAge = "300";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Lets pages of elsewhere read the answer: what it says is for whoever holds the credential.</summary>
    public static void Share(HttpContext context) => context.Response.Headers.AccessControlAllowOrigin = "*";
}
