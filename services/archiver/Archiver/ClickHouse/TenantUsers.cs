using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.ClickHouse;

/// <summary>
/// Makes the users that tenants need on a ClickHouse server. An embedded ClickHouse knows tenants by itself and needs none. Safe from any thread, and for several
/// instances at once.
/// </summary>
internal sealed class TenantUsers(
    IClickHouse clickHouse, Tables tables, IOptions<ArchiverOptions> options, ILogger<TenantUsers> logger, ClickHouseLocator? locate = null) : IDisposable
{
    // Bytes of a BI user's password before they are written as text.
    private const int PasswordBytes = 24;
    private const int AccessDenied = 497;
    private readonly AccessStatements _statements = new(tables, options.Value);
    private readonly ConcurrentDictionary<string, bool> _made = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1);
    private bool? _managed;
    private bool _shared;

    /// <summary>Whether this is a server on which the archiver makes users.</summary>
    /// <exception cref="ClickHouseException">ClickHouse can't be asked.</exception>
    public async ValueTask<bool> AreNeededAsync(CancellationToken cancellationToken)
    {
        if (options.Value.BiUsers.Mode != BiUserMode.Auto) return options.Value.BiUsers.Mode == BiUserMode.On;
        // The embedded one has a database of views for what tenants may see of "system".
        return _managed ??= await CountAsync("SELECT count() FROM system.databases WHERE name = 'tenant_system'", "", cancellationToken) == 0;
    }

    /// <summary>The user with which to ask on a tenant's behalf, made when needed; <see langword="null"/>: the tenant's name.</summary>
    /// <exception cref="ClickHouseException">It could not be made.</exception>
    public async ValueTask<string?> ForQueriesAsync(string tenant, CancellationToken cancellationToken)
    {
        if (!await AreNeededAsync(cancellationToken)) return null;
        var user = AccessStatements.ApiUser(tenant);
        if (_made.ContainsKey(tenant)) return user;
        var server = await LocateAsync(cancellationToken);
        await MakeAsync(server, user, tenant, AccessStatements.ApiProfile, server.PasswordOf(user), cancellationToken);
        _made[tenant] = true;
        return user;
    }

    /// <summary>ClickHouse does not know the tenant's user, or not with this password: the next query makes it anew.</summary>
    public void Forget(string tenant)
    {
        _shared = false;
        _made.TryRemove(tenant, out _);
    }

    /// <summary>Name of a tenant's BI user.</summary>
    public string BiUser(string tenant) => _statements.BiUser(tenant);

    /// <summary>Whose a tenant's BI user is.</summary>
    public async Task<BiUserOwner> OwnerAsync(string tenant, CancellationToken cancellationToken)
    {
        const string ours = $"SELECT count() FROM system.settings_profile_elements WHERE user_name = {{user:String}} AND inherit_profile = '{AccessStatements.BiProfile}'";
        if (await CountAsync(ours, BiUser(tenant), cancellationToken) > 0) return BiUserOwner.Tenant;
        return await CountAsync("SELECT count() FROM system.users WHERE name = {user:String}", BiUser(tenant), cancellationToken) > 0 ? BiUserOwner.Stranger : BiUserOwner.Nobody;
    }

    /// <summary>Makes a tenant's BI user, or gives it another password.</summary>
    /// <returns>The password, which is kept nowhere.</returns>
    public async Task<string> SetBiUserAsync(string tenant, CancellationToken cancellationToken)
    {
        var password = Convert.ToBase64String(RandomNumberGenerator.GetBytes(PasswordBytes)).Replace('+', '-').Replace('/', '_');
        await MakeAsync(await LocateAsync(cancellationToken), BiUser(tenant), tenant, AccessStatements.BiProfile, password, cancellationToken);
        return password;
    }

    /// <summary>Removes a tenant's BI user.</summary>
    public Task RemoveBiUserAsync(string tenant, CancellationToken cancellationToken) => ExecuteAsync(_statements.Remove(BiUser(tenant)), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task MakeAsync(ClickHouseServer server, string user, string tenant, string profile, string password, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (!_shared) await ExecuteAsync(_statements.Shared(server.User), cancellationToken);
            _shared = true;
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));
            await ExecuteAsync(_statements.Make(user, tenant, profile, sha256), cancellationToken);
            Log.UserMade(logger, user, tenant);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task ExecuteAsync(IEnumerable<string> statements, CancellationToken cancellationToken)
    {
        try
        {
            // Where users are kept in the Keeper, each statement reaches every replica by itself.
            var settings = new Dictionary<string, string> { ["ignore_on_cluster_for_replicated_access_entities_queries"] = "1" };
            foreach (var statement in statements) await clickHouse.ExecuteAsync(new ClickHouseQuery(statement) { Settings = settings }, cancellationToken);
        }
        catch (ClickHouseException e) when (e.Code == AccessDenied)
        {
            Log.UsersRefused(logger, e.Message);
            throw new ClickHouseException(0, retryable: true, "The archiver's user may not manage users on ClickHouse: " + e.Message, e);
        }
    }

    private async Task<long> CountAsync(string sql, string user, CancellationToken cancellationToken)
    {
        var query = new ClickHouseQuery(sql) { Parameters = new Dictionary<string, string> { ["user"] = user } };
        return (await ClickHouseRows.ReadAsync(clickHouse, query, cancellationToken))[0][0].AsInt64();
    }

    private ValueTask<ClickHouseServer> LocateAsync(CancellationToken cancellationToken) =>
        locate?.Invoke(cancellationToken) ?? throw new InvalidOperationException("There is no ClickHouseLocator: add a ClickHouse adapter.");
}

/// <summary>Whose a user of ClickHouse is.</summary>
internal enum BiUserOwner
{
    /// <summary>There is no such user.</summary>
    Nobody = 0,

    /// <summary>The archiver made it for the tenant.</summary>
    Tenant,

    /// <summary>Somebody else made it; it stays as it is.</summary>
    Stranger,
}
