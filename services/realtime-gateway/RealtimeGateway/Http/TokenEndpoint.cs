using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Http;

/// <summary>
/// <c>POST /api/v1/tokens</c>: short tokens for sockets, so that no API key has to be in a browser. A token is never wider than its maker's credential:
/// not in scopes, not in channels, not in time, and it carries no role.
/// </summary>
internal sealed class TokenEndpoint(ITokenIssuer issuer, ICallerAuthenticator authenticator, TimeProvider time)
{
    private const int DefaultSeconds = 300;
    private const int MaxSeconds = 24 * 60 * 60;
    private const int MaxChannels = 256;
    private const int MaxSubject = 256;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var endpoint = ActivatorUtilities.CreateInstance<TokenEndpoint>(endpoints.ServiceProvider);
        endpoints.MapPost("/api/v1/tokens", (RequestDelegate)endpoint.MintAsync).RequireScopes(Scopes.None);
    }

    private async Task MintAsync(HttpContext context)
    {
        if (await RequestBody.ReadAsync(context, GatewayJson.Default.TokenRequest, new TokenRequest(null, null, null, null)) is not { } request) return;
        var caller = context.GetCaller();
        var verdict = await authenticator.AuthenticateAsync(Credentials.Read(context.Request), context.RequestAborted);
        if (verdict.Caller is null)
        {
            await Problems.WriteAsync(context, ErrorCodes.InvalidCredential, "The credential has just ended.");
            return;
        }

        var grants = ChannelGrants.Of(verdict);
        if (Check(request, caller, grants, out var scopes) is { } refusal)
        {
            await Problems.WriteAsync(context, refusal.Error, refusal.Detail);
            return;
        }

        var now = time.GetUtcNow();
        var end = now.AddSeconds(request.TtlSeconds ?? DefaultSeconds);
        if (caller.ExpiresAt is { } limit && limit < end) end = limit;
        if (end - now < TimeSpan.FromSeconds(1))
        {
            await Problems.WriteAsync(context, ErrorCodes.InvalidCredential, "The credential is about to expire.");
            return;
        }

        // The claim exp has whole seconds: cut, so that the token never outlives what it was made from.
        end = DateTimeOffset.FromUnixTimeSeconds(end.ToUnixTimeSeconds());
        var token = issuer.Issue(caller.Tenant, request.Subject ?? caller.Subject, scopes, [], end - now, request.Channels ?? grants.Channels);
        await RequestBody.WriteAsync(context, new TokenAnswer(token, end), GatewayJson.Default.TokenAnswer);
    }

    private static (ErrorCode Error, string Detail)? Check(TokenRequest request, Caller caller, ChannelGrants grants, out Scopes scopes)
    {
        scopes = caller.Scopes & Scopes.Read;
        if (request.TtlSeconds is < 1 or > MaxSeconds) return (ErrorCodes.BadRequest, $"ttl_seconds is 1 to {MaxSeconds}.");
        if (request.Subject is { } subject)
        {
            if (subject.Length is 0 or > MaxSubject) return (ErrorCodes.BadRequest, $"subject has 1 to {MaxSubject} characters.");
            // A backend (API key) and an administrator speak for others; a person only for itself.
            if (subject != caller.Subject && caller.Kind != CredentialKind.ApiKey && !caller.Has(Scopes.Admin))
                return (ErrorCodes.Forbidden, "The credential may make tokens for its own subject only.");
        }

        if (request.Scopes is not null)
        {
            scopes = Scopes.None;
            foreach (var name in request.Scopes)
            {
                if (!ScopeNames.TryParse(name, out var scope)) return (ErrorCodes.BadRequest, $"'{name}' is not a scope.");
                if (!caller.Has(scope)) return (ErrorCodes.Forbidden, $"The credential does not have the scope '{name}' itself.");
                scopes |= scope;
            }
        }

        if (scopes == Scopes.None) return (ErrorCodes.Forbidden, "The credential has no scope that a token could have (default: read).");
        if (request.Channels is not { } channels) return null;
        if (channels.Count > MaxChannels || channels.Any(c => c.Length is 0 or > ChannelName.MaxLength))
            return (ErrorCodes.BadRequest, $"channels lists at most {MaxChannels} names of at most {ChannelName.MaxLength} characters.");
        return channels.FirstOrDefault(c => !grants.IsListed(c)) is { } wider
            ? (ErrorCodes.Forbidden, $"The credential is not allowed '{wider}' itself.")
            : null;
    }
}
