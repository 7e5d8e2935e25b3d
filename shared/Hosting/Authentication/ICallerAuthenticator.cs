namespace Millrace.Hosting.Authentication;

/// <summary>Turns credentials into callers. Safe from any thread.</summary>
public interface ICallerAuthenticator
{
    /// <summary>
    /// Checks an API key or a JWT, whichever the text is. Revoked keys are refused within five seconds. Synchronous when the answer is cached.
    /// </summary>
    ValueTask<AuthenticationVerdict> AuthenticateAsync(string? credential, CancellationToken cancellationToken);
}

/// <summary>Makes tokens that <see cref="ICallerAuthenticator"/> of every instance accepts.</summary>
public interface ITokenIssuer
{
    /// <summary>Fetches the signing key from where it is kept. A host has done it when its workers start; a tool calls it first.</summary>
    ValueTask PrepareAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A signed JWT (HS256) with claims <c>sub</c>, <c>tenant</c>, <c>roles</c>, <c>scope</c>, <c>exp</c>; <paramref name="channels"/>, when given,
    /// restricts the token to these realtime channels (claim <c>channels</c>).
    /// </summary>
    string Issue(string tenant, string subject, Scopes scopes, IReadOnlyList<string> roles, TimeSpan lifetime, IReadOnlyList<string>? channels = null);
}

/// <summary>What a check came to.</summary>
/// <param name="Outcome">The verdict.</param>
/// <param name="Caller">Set when accepted.</param>
/// <param name="Detail">Why not, for the client; never the credential itself.</param>
/// <param name="Claims">All claims of an accepted token by name, as JSON text; <see langword="null"/> for keys.</param>
public readonly record struct AuthenticationVerdict(
    AuthenticationOutcome Outcome, Caller? Caller, string? Detail = null, IReadOnlyDictionary<string, string>? Claims = null);

/// <summary>Outcomes of authentication.</summary>
public enum AuthenticationOutcome
{
    /// <summary>No verdict: never returned.</summary>
    Unset = 0,

    /// <summary>The caller is known.</summary>
    Accepted = 1,

    /// <summary>There was no credential.</summary>
    Missing = 2,

    /// <summary>Unknown, malformed, revoked or wrongly signed.</summary>
    Invalid = 3,

    /// <summary>Right once, but expired.</summary>
    Expired = 4,
}
