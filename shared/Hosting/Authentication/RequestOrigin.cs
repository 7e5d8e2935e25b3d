using System.Net;
using Microsoft.AspNetCore.Http;

namespace Millrace.Hosting.Authentication;

/// <summary>What is remembered of a request that opened a connection, when the request itself is over.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, as it was sent.</param>
/// <param name="Address">Where it came from, if that is known.</param>
public sealed record RequestOrigin(string Method, string Path, IPAddress? Address)
{
    /// <summary>Of a request.</summary>
    public static RequestOrigin Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var path = context.Request.Path.Value ?? "/";
        // Of many connections to one endpoint not each its own copy.
        return new RequestOrigin(context.Request.Method, string.IsInterned(path) ?? path, context.Connection.RemoteIpAddress);
    }
}
