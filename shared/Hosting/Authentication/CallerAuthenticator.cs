using System.Data.Common;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Incidents;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Authentication;

/// <summary>Tells keys from tokens, asks whoever knows, and remembers the answer.</summary>
internal sealed class CallerAuthenticator(
    IApiKeyStore keys, TokenVerifier tokens, TimeProvider time, IOptions<AuthOptions> options, ITenantStore? tenants = null, IncidentLog? incidents = null)
    : ICallerAuthenticator
{
    /// <summary>Longest credential that is looked at, in characters.</summary>
    public const int MaxLength = 8192;

    // A revoked key is refused as soon as KeyWatcher hears of it. Where that fails, within five seconds: after three it is looked up again, after five the
    // old answer is void.
    private static readonly TimeSpan KeyFresh = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan KeyDead = TimeSpan.FromSeconds(5);

    // While the database is away: how long a known key waits for it, and how long it is then not asked again.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(3);

    // A key may be tried a moment before it is made.
    private static readonly TimeSpan UnknownKey = TimeSpan.FromSeconds(1);

    // Long enough to spare the signature check, short enough that a withdrawn key of an issuer goes out of use.
    private static readonly TimeSpan TokenLife = TimeSpan.FromSeconds(60);

    private volatile bool _away;
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
        ApiKey? key;
        try
        {
            key = await AskAsync(credential, hash, cancellationToken);
        }
        catch (Exception e) when (IsAway(e, cancellationToken) && _known.TryProlong(hash, options.Value.KeyGrace, AwayFor, out var last))
        {
            NoteAway(e);
            return last;
        }

        NoteBack();
        if (key is null)
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

    /// <summary>Looks a key up again at its next use; every key when none is named, which says no more than that any may have been revoked.</summary>
    public void ForgetKey(string id)
    {
        if (id.Length == 0)
        {
            _known.Doubt(verdict => verdict.Caller is { Kind: CredentialKind.ApiKey });
            return;
        }

        var subject = SubjectOf(id);
        _known.Forget(verdict => verdict.Caller is { Kind: CredentialKind.ApiKey } caller && caller.Subject == subject);
    }

    /// <summary>Asks the database; not for long where the answer of before will do.</summary>
    private async Task<ApiKey?> AskAsync(string credential, KeyHash hash, CancellationToken cancellationToken)
    {
        if (!_known.Has(hash, options.Value.KeyGrace)) return await keys.VerifyAsync(credential, cancellationToken);
        using var bounded = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bounded.Token);
        return await keys.VerifyAsync(credential, both.Token);
    }

    private static bool IsAway(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        MetadataDatabaseException { Retryable: true } or DbException or TimeoutException => true,
        _ => false,
    };

    private void NoteAway(Exception exception)
    {
        HostingMetrics.KeysFromMemory.Add(1);
        if (_away) return;
        _away = true;
        incidents?.Open(new IncidentReport(
            "authentication", IncidentKinds.MetadataAway, "", "keys_from_memory",
            $"API keys can't be looked up; known ones are good for {options.Value.KeyGrace} after they were last looked up, revoked ones too: {exception.Message}"));
    }

    private void NoteBack()
    {
        if (!_away) return;
        _away = false;
        incidents?.Close("authentication", IncidentKinds.MetadataAway, "");
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
