using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Millrace.Hosting.Authentication;

/// <summary>Signs tokens with the shared key.</summary>
internal sealed class TokenIssuer(SigningKey signingKey, TimeProvider time, IOptions<AuthOptions> options) : ITokenIssuer
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    public async ValueTask PrepareAsync(CancellationToken cancellationToken) => await signingKey.GetAsync(cancellationToken);

    public string Issue(
        string tenant, string subject, Scopes scopes, IReadOnlyList<string> roles, TimeSpan lifetime, IReadOnlyList<string>? channels = null)
    {
        if (!TenantName.IsValid(tenant))
            throw new ArgumentException("Not a tenant's name: " + TenantName.Rule, nameof(tenant));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        var key = signingKey.Current
            ?? throw new InvalidOperationException("The signing key is not known before the host has started, unless Millrace:Auth:SigningKey is set.");
        var now = time.GetUtcNow();
        var claims = new Dictionary<string, object>
        {
            ["sub"] = subject,
            [options.Value.TenantClaim] = tenant,
            [options.Value.RolesClaim] = roles,
            ["scope"] = ScopeNames.Format(scopes),
        };
        if (channels is not null)
            claims["channels"] = channels;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            Audience = options.Value.Audience,
            IssuedAt = now.UtcDateTime,
            Expires = (now + lifetime).UtcDateTime,
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256),
        });
    }
}
