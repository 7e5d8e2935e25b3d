using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;

namespace Millrace.Hosting.Authentication;

/// <summary>One guarded endpoint. A cached verdict costs no allocation and no await.</summary>
internal sealed class ScopeGuard(ICallerAuthenticator authenticator, IRefusalAudit refusals, Scopes scopes, RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var verdict = authenticator.AuthenticateAsync(Credentials.Read(context.Request), context.RequestAborted);
        return verdict.IsCompletedSuccessfully ? ContinueAsync(context, verdict.Result) : AwaitedAsync(context, verdict);
    }

    private async Task AwaitedAsync(HttpContext context, ValueTask<AuthenticationVerdict> verdict) =>
        await ContinueAsync(context, await verdict);

    private Task ContinueAsync(HttpContext context, AuthenticationVerdict verdict)
    {
        if (verdict is not { Outcome: AuthenticationOutcome.Accepted, Caller: { } caller })
            return RefuseAsync(context, verdict);

        if (!caller.Has(scopes))
        {
            var missing = ScopeNames.Format(scopes & ~caller.Scopes);
            return ForbidAsync(context, caller, $"This needs the scope '{missing}', which the credential does not have.");
        }

        if (context.Request.QueryString.HasValue && context.Request.Query.TryGetValue("tenant", out var asked) && asked.Count > 0
            && !string.Equals(asked[0], caller.Tenant, StringComparison.Ordinal))
        {
            if (!caller.IsOperator)
                return ForbidAsync(context, caller, "The credential belongs to another tenant than the one in ?tenant=.");
            if (!TenantName.IsValid(asked[0]))
                return Problems.WriteAsync(context, ErrorCodes.BadRequest, "?tenant= is not the name of a tenant: " + TenantName.Rule);
            caller = caller with { Tenant = asked[0]! };
        }

        context.Features.Set(caller);
        return next(context);
    }

    private Task RefuseAsync(HttpContext context, AuthenticationVerdict verdict)
    {
        if (verdict.Outcome == AuthenticationOutcome.Missing)
            return Problems.WriteAsync(
                context, ErrorCodes.MissingCredential, "Send an API key or a token: 'Authorization: Bearer <credential>' or 'X-API-Key: <key>'.");

        refusals.Record(context, tenant: null, actor: null, verdict.Outcome == AuthenticationOutcome.Expired ? "expired" : "invalid");
        return Problems.WriteAsync(
            context,
            ErrorCodes.InvalidCredential,
            verdict.Detail ?? "The credential is not known.",
            ("reason", verdict.Outcome == AuthenticationOutcome.Expired ? "expired" : "invalid"));
    }

    private Task ForbidAsync(HttpContext context, Caller caller, string detail)
    {
        refusals.Record(context, caller.Tenant, caller.Subject, "forbidden");
        return Problems.WriteAsync(context, ErrorCodes.Forbidden, detail);
    }
}
