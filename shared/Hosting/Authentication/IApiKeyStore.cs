namespace Millrace.Hosting.Authentication;

/// <summary>The API keys in the metadata database. Only hashes are kept. Changes are audited in the same transaction.</summary>
public interface IApiKeyStore
{
    /// <summary>
    /// Makes a key and answers with its clear text, the only time it is known; <see langword="null"/> when the tenant has
    /// <see cref="AuthOptions.MaxKeysPerTenant"/> keys already.
    /// </summary>
    Task<CreatedApiKey?> CreateAsync(string tenant, string name, Scopes scopes, string actor, CancellationToken cancellationToken);

    /// <summary>A tenant's keys, revoked ones included, oldest first.</summary>
    Task<IReadOnlyList<ApiKey>> ListAsync(string tenant, CancellationToken cancellationToken);

    /// <summary>Revokes a key; every instance refuses it within five seconds. False when the tenant has no such key in force.</summary>
    Task<bool> RevokeAsync(string tenant, string id, string actor, CancellationToken cancellationToken);

    /// <summary>
    /// The key in force with this clear text, or <see langword="null"/>. Asks the database each time;
    /// <see cref="ICallerAuthenticator"/> remembers the answer for a few seconds.
    /// </summary>
    Task<ApiKey?> VerifyAsync(string clearText, CancellationToken cancellationToken);
}

/// <summary>An API key, without its secret.</summary>
/// <param name="Id">Public id; also the second part of the clear text.</param>
/// <param name="Tenant">Owner.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Scopes">What it allows.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="RevokedAt">When it was revoked, <see langword="null"/> while it is in force.</param>
public sealed record ApiKey(
    string Id, string Tenant, string Name, Scopes Scopes, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>A key just made.</summary>
/// <param name="Key">Its record.</param>
/// <param name="ClearText"><c>mk_&lt;id&gt;_&lt;secret&gt;</c>; it can't be shown again.</param>
public sealed record CreatedApiKey(ApiKey Key, string ClearText)
{
    /// <summary>The record only: the clear text never gets into a log by accident.</summary>
    public override string ToString() => Key.ToString();
}
