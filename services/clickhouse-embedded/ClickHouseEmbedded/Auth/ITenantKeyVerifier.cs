namespace Millrace.ClickHouse.Embedded.Auth;

/// <summary>Knows the API keys of tenants.</summary>
internal interface ITenantKeyVerifier
{
    /// <summary>Whether a text is an API key of the tenant that is valid now and has the scope <c>read</c>.</summary>
    ValueTask<bool> MayReadAsync(string tenant, string key, CancellationToken cancellationToken);
}

/// <summary>Where no metadata database was named, there are no API keys.</summary>
internal sealed class NoTenantKeys : ITenantKeyVerifier
{
    public ValueTask<bool> MayReadAsync(string tenant, string key, CancellationToken cancellationToken) => ValueTask.FromResult(false);
}
