using System.Text.Json;
using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary>A method of the server API. One instance serves all requests.</summary>
internal abstract class ApiMethod
{
    /// <summary>Name in the address and in a batch.</summary>
    public abstract string Name { get; }

    /// <summary>Scope that the credential needs.</summary>
    public abstract Scopes Needs { get; }

    /// <summary>Does it.</summary>
    /// <returns>Writes the fields of the result, within its object.</returns>
    /// <exception cref="ApiException">It cannot be done; nothing was.</exception>
    public abstract ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken);

    /// <summary>A result without fields.</summary>
    protected static Action<Utf8JsonWriter> Nothing { get; } = static _ => { };
}
