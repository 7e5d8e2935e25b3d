using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary><c>/connection/http_stream</c>: the protocol in one long answer, with <c>/emulation</c> for the way back. The content type is the format.</summary>
internal static class HttpStreamEndpoint
{
    /// <summary>Content type of a request in Protobuf.</summary>
    public const string Binary = "application/octet-stream";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider.GetRequiredService<SessionServices>();
        endpoints.MapPost("/connection/http_stream", (RequestDelegate)(c => ServeAsync(c, services)));
        endpoints.MapMethods("/connection/http_stream", [HttpMethods.Options], (RequestDelegate)StreamEndpoint.AllowAsync);
    }

    private static async Task ServeAsync(HttpContext context, SessionServices services)
    {
        StreamEndpoint.Share(context);
        if (await CentrifugeRequest.BeginAsync(context, services) is not { } start) return;
        if (await StreamEndpoint.ReadBodyAsync(context, services) is not { } first) return;
        var binary = context.Request.ContentType == Binary;
        await StreamEndpoint.ServeTwoWayAsync(
            context, services, binary ? Wire.CentrifugeStream : Wire.CentrifugeLines, binary ? Binary : "application/x-ndjson", start, first);
    }
}
