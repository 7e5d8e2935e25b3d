using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary>
/// <c>POST /emulation</c>: commands of a client whose connection only goes the other way. Who knows the session's secret is its client: it went to nobody else.
/// </summary>
internal static class EmulationEndpoint
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider.GetRequiredService<SessionServices>();
        endpoints.MapPost("/emulation", (RequestDelegate)(c => ServeAsync(c, services)));
        endpoints.MapMethods("/emulation", [HttpMethods.Options], (RequestDelegate)StreamEndpoint.AllowAsync);
    }

    private static async Task ServeAsync(HttpContext context, SessionServices services)
    {
        StreamEndpoint.Share(context);
        if (await StreamEndpoint.ReadBodyAsync(context, services) is not { } body) return;
        var format = context.Request.ContentType == HttpStreamEndpoint.Binary ? MessageFormat.Protobuf : MessageFormat.Json;
        if (format.ReadEmulation(body) is not { Session.Length: > 0 } request)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, "The body must be an emulation request: session, node and data.");
            return;
        }

        if (services.Directory.FindBySecret(request.Session) is not { } session)
        {
            await Problems.WriteAsync(
                context,
                ErrorCodes.NotFound,
                request.Node == services.Node
                    ? "There is no such session: its connection has ended."
                    : "The session is with another instance: the requests of a client must all come to the same one.");
            return;
        }

        try
        {
            await session.ReceiveAsync(request.Data, session.Start.Aborted);
        }
        catch (OperationCanceledException)
        {
            // The stream has ended in the middle of a command; nobody waits for its answer.
        }
        catch (Exception e)
        {
            // As over a WebSocket: a client whose command failed in here comes back to a new session.
            Log.ConnectionFailed(session.Services.Logger, session.Connection.Kind, e);
            session.Connection.Close(Disconnect.ServerError);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
