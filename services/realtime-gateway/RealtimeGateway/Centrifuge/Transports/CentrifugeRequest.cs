using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary>What the requests that open a session have in common.</summary>
internal static class CentrifugeRequest
{
    /// <summary>Checks the request's own credential, if it has one; <see langword="null"/> when it was refused and answered.</summary>
    public static async ValueTask<SessionStart?> BeginAsync(HttpContext context, SessionServices services)
    {
        if (Credentials.Read(context.Request) is not { Length: > 0 } credential) return new SessionStart(RequestOrigin.Of(context), null);
        var verdict = await services.Connections.Authenticator.AuthenticateAsync(credential, context.RequestAborted);
        if (verdict.Outcome == AuthenticationOutcome.Accepted) return new SessionStart(RequestOrigin.Of(context), (credential, verdict));
        services.Connections.Refusals.Record(context, null, null, verdict.Outcome == AuthenticationOutcome.Expired ? "expired" : "invalid");
        await Problems.WriteAsync(context, ErrorCodes.InvalidCredential, verdict.Detail ?? "The credential is not valid.");
        return null;
    }
}
