using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Authentication;

/// <summary>The tenants that were ever seen in a valid credential.</summary>
public interface ITenantStore
{
    /// <summary>Names of all tenants, ascending.</summary>
    Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Enters a tenant unless it stands there. Costs nothing for one that this process has entered before.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="TenantName.Rule"/>.</exception>
    ValueTask EnsureAsync(string tenant, CancellationToken cancellationToken);
}

/// <summary>Tenants over the metadata database.</summary>
internal sealed class TenantStore(IMetadataDatabase database, TimeProvider time) : ITenantStore
{
    // Forgetting costs one harmless insert, so the set simply starts anew when it is full.
    private const int Remembered = 100_000;
    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT name FROM tenants ORDER BY name", cancellationToken: cancellationToken))];
    }

    public async ValueTask EnsureAsync(string tenant, CancellationToken cancellationToken)
    {
        if (_seen.ContainsKey(tenant))
            return;
        if (!TenantName.IsValid(tenant))
            throw new ArgumentException("Not a tenant's name: " + TenantName.Rule, nameof(tenant));

        await using (var connection = await database.OpenAsync(cancellationToken))
        {
            var known = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                "SELECT COUNT(*) FROM tenants WHERE name = @tenant", new { tenant }, cancellationToken: cancellationToken));
            if (known > 0)
            {
                Remember(tenant);
                return;
            }
        }

        await database.InTransactionAsync(
            (connection, transaction, token) => EnsureAsync(connection, transaction, tenant, time, token), cancellationToken);
        Remember(tenant);
    }

    /// <summary>Enters a tenant inside a transaction.</summary>
    public static Task<int> EnsureAsync(
        DbConnection connection, DbTransaction transaction, string tenant, TimeProvider time, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO tenants (name, created_at) VALUES (@tenant, @now) ON CONFLICT (name) DO NOTHING",
            new { tenant, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
            transaction,
            cancellationToken: cancellationToken));

    private void Remember(string tenant)
    {
        if (_seen.Count >= Remembered)
            _seen.Clear();
        _seen[tenant] = true;
    }
}
