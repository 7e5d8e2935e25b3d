using Millrace.ClickHouse.Embedded.Auth;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>One request on its way through.</summary>
/// <param name="Http">ASP.NET's side of it.</param>
/// <param name="Principal">Who it is from.</param>
/// <param name="Parameters">What it says in the URL and the headers.</param>
/// <param name="Body">Its body, decompressed.</param>
internal sealed record RequestContext(HttpContext Http, Principal Principal, RequestParameters Parameters, Stream Body)
{
    /// <summary>Its name in the engine, by which its query is killed.</summary>
    public string Tag { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The client has gone.</summary>
    public CancellationToken Gone => Http.RequestAborted;
}
