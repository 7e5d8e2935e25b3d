using Microsoft.AspNetCore.Http;

namespace Millrace.Hosting.Authentication;

/// <summary>
/// Keeps refusals in the audit log, bounded: equal refusals are counted together and written every few seconds, and a flood of different
/// ones is folded into one line. Recording never blocks and never fails.
/// </summary>
public interface IRefusalAudit
{
    /// <summary>Notes that a request was refused.</summary>
    /// <param name="origin">The request.</param>
    /// <param name="tenant">Tenant of the credential when it is known.</param>
    /// <param name="actor">Subject of the credential when it is known.</param>
    /// <param name="reason">One of a few fixed words: <c>invalid</c>, <c>expired</c>, <c>forbidden</c>, …</param>
    void Record(RequestOrigin origin, string? tenant, string? actor, string reason);

    /// <summary>Notes that a request was refused.</summary>
    /// <param name="context">The request; only its method, path and remote address are kept.</param>
    /// <param name="tenant">Tenant of the credential when it is known.</param>
    /// <param name="actor">Subject of the credential when it is known.</param>
    /// <param name="reason">As above.</param>
    void Record(HttpContext context, string? tenant, string? actor, string reason) => Record(RequestOrigin.Of(context), tenant, actor, reason);
}
