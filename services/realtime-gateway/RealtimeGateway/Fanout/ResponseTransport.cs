using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>Writes to a response that goes on for as long as the connection does.</summary>
internal sealed class ResponseTransport(HttpContext context) : IClientTransport
{
    /// <summary>Prepares the response.</summary>
    /// <param name="context">The request.</param>
    /// <param name="contentType">What is written.</param>
    public static void Begin(HttpContext context, string contentType)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var headers = context.Response.Headers;
        context.Response.ContentType = contentType;
        headers.CacheControl = "no-cache, no-store";
        // Any page may listen: the credential is in the request, and no cookie of ours exists that a foreign page could ride on.
        headers.AccessControlAllowOrigin = "*";
        // Proxies of the nginx family would hold messages back.
        headers["X-Accel-Buffering"] = "no";
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => context.Response.Body.WriteAsync(bytes);

    public void Abort() => context.Abort();
}
