using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>Who is at the other end of a connection.</summary>
/// <param name="Client">Id of the connection.</param>
/// <param name="Tenant">Its tenant.</param>
/// <param name="User">Its subject.</param>
/// <param name="Since">When it was let in.</param>
internal sealed record ConnectionIdentity(string Client, string Tenant, string User, DateTimeOffset Since)
{
    /// <summary>The identity of a client that has no name of its own.</summary>
    public static ConnectionIdentity Of(Caller caller, TimeProvider time) => new(Guid.NewGuid().ToString(), caller.Tenant, caller.Subject, time.GetUtcNow());
}
