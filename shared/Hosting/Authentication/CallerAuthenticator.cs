using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Authentication;

/// <summary>Tells keys from tokens, asks whoever knows, and remembers the answer.</summary>
internal sealed class CallerAuthenticator(
    IApiKeyStore keys, TokenVerifier tokens, TimeProvider time, IOptions<AuthOptions> options, ITenantStore? tenants = null) : ICallerAuthenticator
{
    /// <summary>Longest credential that is looked at, in characters.</summary>
    public const int MaxLength = 8192;

    // A revoked key is refused as soon as KeyWatcher hears of it. Where that fails, within five seconds: after three it is looked up again, after five the
    // old answer is void.
    private static readonly TimeSpan KeyFresh = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan KeyDead = TimeSpan.FromSeconds(5);

    // A key may be tried a moment before it is made.
    private static readonly TimeSpan UnknownKey = TimeSpan.FromSeconds(1);

    // Long enough to spare the signature check, short enough that a withdrawn key of an issuer goes out of use.
    private static readonly TimeSpan TokenLife = TimeSpan.FromSeconds(60);

    private readonly VerdictCache _known = new(time, options.Value.CachedCredentials);
    private readonly VerdictCache _unknown = new(time, options.Value.CachedCredentials);

    public ValueTask<AuthenticationVerdict> AuthenticateAsync(string? credential, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(credential))
            return ValueTask.FromResult(new AuthenticationVerdict(AuthenticationOutcome.Missing, null, "There is no credential."));
        if (credential.Length > MaxLength)
            return ValueTask.FromResult(Invalid($"The credential is longer than {MaxLength} characters."));

        var hash = KeyHash.Of(credential);
        if (_known.TryGet(hash, out var verdict))
        {
            if (verdict.Caller is { Kind: CredentialKind.Token, ExpiresAt: { } end } && time.GetUtcNow() >= end + options.Value.ClockSkew)
                return ValueTask.FromResult(TokenVerifier.ExpiredVerdict);
            return ValueTask.FromResult(verdict);
        }

        return _unknown.TryGet(hash, out verdict)
            ? ValueTask.FromResult(verdict)
            : FindAsync(credential, hash, cancellationToken);
    }

    private async ValueTask<AuthenticationVerdict> FindAsync(string credential, KeyHash hash, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        // A bootstrap key may be any text, even one with two dots, so what reads like no token is looked up as a key.
        var verdict = tokens.TryRead(credential) is { } token
            ? await CheckTokenAsync(token, hash, since, cancellationToken)
            : await CheckKeyAsync(credential, hash, since, cancellationToken);
        HostingMetrics.Authentications.Add(
            1,
            new KeyValuePair<string, object?>("outcome", NameOf(verdict.Outcome)),
            new KeyValuePair<string, object?>("kind", verdict.Caller?.Kind == CredentialKind.Token ? "token" : "key"));
        return verdict;
    }

    private async Task<AuthenticationVerdict> CheckTokenAsync(
        Microsoft.IdentityModel.JsonWebTokens.JsonWebToken token, KeyHash hash, long since, CancellationToken cancellationToken)
    {
        var verdict = await tokens.VerifyAsync(token, cancellationToken);
        if (verdict.Caller is { } caller)
        {
            if (tenants is not null) // There is none where the database is for reading only.
                await tenants.EnsureAsync(caller.Tenant, cancellationToken);
            _known.Put(hash, verdict, since, TokenLife, TokenLife);
        }

        return verdict;
    }

    private async Task<AuthenticationVerdict> CheckKeyAsync(string credential, KeyHash hash, long since, CancellationToken cancellationToken)
    {
        var generation = _known.Generation;
        if (await keys.VerifyAsync(credential, cancellationToken) is not { } key)
        {
            var refused = Invalid(TokenVerifier.LooksLikeToken(credential)
                ? "The token is malformed."
                : "The API key is not known or was revoked.");
            _unknown.Put(hash, refused, since, UnknownKey, UnknownKey);
            _known.Remove(hash);
            return refused;
        }

        var verdict = new AuthenticationVerdict(
            AuthenticationOutcome.Accepted, new Caller(key.Tenant, SubjectOf(key.Id), key.Scopes, [], null, CredentialKind.ApiKey));
        if (generation == _known.Generation)
            _known.Put(hash, verdict, since, KeyFresh, KeyDead);
        return verdict;
    }

    /// <summary>Looks a key up again at its next use; every key when none is named.</summary>
    public void ForgetKey(string id)
    {
        var subject = SubjectOf(id);
        _known.Forget(verdict => verdict.Caller is { Kind: CredentialKind.ApiKey } caller && (id.Length == 0 || caller.Subject == subject));
    }

    private static string SubjectOf(string keyId) => "key:" + keyId;

    private static AuthenticationVerdict Invalid(string detail) => new(AuthenticationOutcome.Invalid, null, detail);

    private static string NameOf(AuthenticationOutcome outcome) => outcome switch
    {
        AuthenticationOutcome.Accepted => "accepted",
        AuthenticationOutcome.Expired => "expired",
        AuthenticationOutcome.Missing => "missing",
        _ => "invalid",
    };
}
