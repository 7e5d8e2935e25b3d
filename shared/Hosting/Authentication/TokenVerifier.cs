using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Millrace.Hosting.Authentication;

/// <summary>
/// Verifies JSON Web Tokens as RFC 8725 asks: the algorithm decides which keys are tried and never the other way round, so a public RSA key can't
/// be passed off as a shared secret, and <c>none</c> has no key at all. A token is called expired only once its signature has proved good.
/// </summary>
internal sealed class TokenVerifier(
    SigningKey signingKey, ExternalKeys externalKeys, TimeProvider time, IOptions<AuthOptions> options, ILogger<TokenVerifier> logger)
{
    /// <summary>The verdict on a token that was good.</summary>
    public static readonly AuthenticationVerdict ExpiredVerdict = new(AuthenticationOutcome.Expired, null, "The token has expired.");

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = CallerAuthenticator.MaxLength };

    /// <summary>Whether a text has the three parts of a token, the first beginning as base64url of '{"' does.</summary>
    public static bool LooksLikeToken(string text) => text.StartsWith("ey", StringComparison.Ordinal) && text.AsSpan().Count('.') == 2;

    /// <summary>The token, unchecked, or <see langword="null"/> when the text is none.</summary>
    public JsonWebToken? TryRead(string text)
    {
        if (!LooksLikeToken(text))
            return null;
        try
        {
            return _handler.ReadJsonWebToken(text);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Checks signature, audience, issuer, times and claims.</summary>
    public async ValueTask<AuthenticationVerdict> VerifyAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        var parameters = await ParametersForAsync(token, cancellationToken);
        if (parameters is null)
            return Invalid("The token's algorithm or key is not accepted.");

        var result = await _handler.ValidateTokenAsync(token, parameters);
        if (!result.IsValid)
        {
            Log.TokenRefused(logger, result.Exception.GetType().Name);
            return Invalid(result.Exception switch
            {
                SecurityTokenInvalidAudienceException => "The token is meant for another audience.",
                SecurityTokenInvalidIssuerException => "The token comes from another issuer.",
                _ => "The token's signature is not valid.",
            });
        }

        try
        {
            return Judge(TokenClaims.Read(token, options.Value));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON as RFC 7519 has it, or half a surrogate pair in a text.
            return Invalid("The token's claims are malformed.");
        }
    }

    private AuthenticationVerdict Judge(TokenClaims claims)
    {
        var now = time.GetUtcNow();
        if (claims.ExpiresAt is not { } end)
            return Invalid("The token has no expiry (claim exp).");
        if (now >= end + options.Value.ClockSkew)
            return ExpiredVerdict;
        if (claims.NotBefore is { } start && now < start - options.Value.ClockSkew)
            return Invalid("The token is not valid yet (claim nbf).");
        if (!TenantName.IsValid(claims.Tenant))
            return Invalid($"The token names no tenant (claim {options.Value.TenantClaim}): {TenantName.Rule}");

        // A scope claim limits the token (RFC 6749); where it names none of ours, as with many OIDC issuers, the roles decide.
        var scopes = claims.Scopes != Scopes.None ? claims.Scopes : ScopeNames.OfRoles(claims.Roles);
        var caller = new Caller(claims.Tenant!, claims.Subject, scopes, claims.Roles, end, CredentialKind.Token);
        return new AuthenticationVerdict(AuthenticationOutcome.Accepted, caller, Claims: claims.All);
    }

    private async ValueTask<TokenValidationParameters?> ParametersForAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        IEnumerable<SecurityKey> keys;
        string? issuer = null;
        if (token.Alg == SecurityAlgorithms.HmacSha256)
        {
            if (await signingKey.GetAsync(cancellationToken) is not { } key)
                return null;
            keys = [key];
        }
        else if (token.Alg is SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.EcdsaSha256)
        {
            (keys, issuer) = await externalKeys.FindAsync(token.Alg, token.Kid, cancellationToken);
            if (!keys.Any())
                return null;
        }
        else
        {
            return null;
        }

        return new TokenValidationParameters
        {
            IssuerSigningKeys = keys,
            TryAllIssuerSigningKeys = true,
            ValidAlgorithms = [token.Alg],
            RequireSignedTokens = true,
            ValidateIssuer = issuer is not null,
            ValidIssuer = issuer,
            ValidateAudience = options.Value.Audience is not null,
            ValidAudience = options.Value.Audience,
            ValidateLifetime = false, // Judged with our clock, after everything else.
            LogValidationExceptions = false,
        };
    }

    private static AuthenticationVerdict Invalid(string detail) => new(AuthenticationOutcome.Invalid, null, detail);
}
