namespace Millrace.Hosting.Authentication;

/// <summary>Who calls, as its credential says. The tenant of everything a request does comes from here and from nowhere else.</summary>
/// <param name="Tenant">The caller's tenant.</param>
/// <param name="Subject">User, or <c>key:</c> and the key's id.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Roles">Roles of the token: <c>viewer</c>, <c>editor</c>, <c>admin</c>, <c>operator</c>.</param>
/// <param name="ExpiresAt">When the credential ends, <see langword="null"/> when it does not.</param>
/// <param name="Kind">What the credential is.</param>
public sealed record Caller(
    string Tenant, string Subject, Scopes Scopes, IReadOnlyList<string> Roles, DateTimeOffset? ExpiresAt, CredentialKind Kind)
{
    /// <summary>Whether the caller may act on every tenant.</summary>
    public bool IsOperator => Roles.Contains("operator");

    /// <summary>Whether every one of the scopes is granted.</summary>
    public bool Has(Scopes scopes) => (Scopes & scopes) == scopes;
}

/// <summary>What a credential allows.</summary>
[Flags]
public enum Scopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Send events (<c>ingest</c>).</summary>
    Ingest = 1,

    /// <summary>Read windows, events, alerts, query (<c>read</c>).</summary>
    Read = 2,

    /// <summary>Change rules, acknowledge, save dashboards (<c>write</c>).</summary>
    Write = 4,

    /// <summary>Manage keys and settings of the tenant (<c>admin</c>).</summary>
    Admin = 8,
}

/// <summary>Kinds of credential.</summary>
public enum CredentialKind
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>An API key.</summary>
    ApiKey = 1,

    /// <summary>A JSON Web Token (RFC 7519).</summary>
    Token = 2,
}
