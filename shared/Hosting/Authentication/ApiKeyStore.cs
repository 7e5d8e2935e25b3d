using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Audit;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Authentication;

/// <summary>API keys over the metadata database.</summary>
internal sealed class ApiKeyStore(IMetadataDatabase database, AuditLog audit, TimeProvider time, IOptions<AuthOptions> options) : IApiKeyStore
{
    private const string Columns = "id, tenant, name, hash, scopes, created_at AS createdat, revoked_at AS revokedat";

    // No letters that read alike, no '_' that separates the parts.
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public Task<CreatedApiKey?> CreateAsync(string tenant, string name, Scopes scopes, string actor, CancellationToken cancellationToken)
    {
        var id = RandomNumberGenerator.GetString(Alphabet, 12);
        var clearText = NewClearText(id);
        return database.InTransactionAsync(
            async (connection, transaction, token) =>
            {
                var inForce = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                    "SELECT COUNT(*) FROM api_keys WHERE tenant = @tenant AND revoked_at IS NULL", new { tenant }, transaction, cancellationToken: token));
                if (inForce >= options.Value.MaxKeysPerTenant)
                    return null;

                await TenantStore.EnsureAsync(connection, transaction, tenant, time, token);
                var key = await InsertAsync(connection, transaction, id, tenant, name, clearText, scopes, token);
                await audit.WriteAsync(connection, transaction, tenant, actor, "key.create", id, $"{name}: {ScopeNames.Format(scopes)}", token);
                return new CreatedApiKey(key, clearText);
            },
            cancellationToken);
    }

    /// <summary>A new clear text: 160 random bits.</summary>
    public static string NewClearText(string id) => $"mk_{id}_{RandomNumberGenerator.GetString(Alphabet, 32)}";

    /// <summary>Writes the row of a key.</summary>
    public async Task<ApiKey> InsertAsync(
        DbConnection connection, DbTransaction transaction, string id, string tenant, string name, string clearText, Scopes scopes, CancellationToken token)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO api_keys (id, tenant, name, hash, scopes, created_at, revoked_at)
            VALUES (@id, @tenant, @name, @hash, @scopes, @now, NULL)
            """,
            new { id, tenant, name, hash = KeyHash.Of(clearText).ToString(), scopes = ScopeNames.Format(scopes), now },
            transaction,
            cancellationToken: token));
        return new ApiKey(id, tenant, name, scopes, DateTimeOffset.FromUnixTimeMilliseconds(now), null);
    }

    public async Task<IReadOnlyList<ApiKey>> ListAsync(string tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM api_keys WHERE tenant = @tenant ORDER BY created_at, id", new { tenant }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToKey())];
    }

    public async Task<bool> RevokeAsync(string tenant, string id, string actor, CancellationToken cancellationToken)
    {
        var revoked = await database.InTransactionAsync(
            async (connection, transaction, token) =>
            {
                var changed = await connection.ExecuteAsync(new CommandDefinition(
                    "UPDATE api_keys SET revoked_at = @now WHERE tenant = @tenant AND id = @id AND revoked_at IS NULL",
                    new { now = time.GetUtcNow().ToUnixTimeMilliseconds(), tenant, id },
                    transaction,
                    cancellationToken: token));
                if (changed > 0)
                    await audit.WriteAsync(connection, transaction, tenant, actor, "key.revoke", id, null, token);
                return changed > 0;
            },
            cancellationToken);
        if (revoked)
            await database.NotifyAsync(KeyWatcher.Channel, id, cancellationToken);
        return revoked;
    }

    public async Task<ApiKey?> VerifyAsync(string clearText, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(clearText);
        var hash = KeyHash.Of(clearText);
        await using var connection = await database.OpenAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM api_keys WHERE hash = @hash AND revoked_at IS NULL", new { hash = hash.ToString() }, cancellationToken: cancellationToken));
        return row is not null && hash.Matches(row.Hash) ? row.ToKey() : null;
    }

    private sealed class Row
    {
        public string Id { get; set; } = "";

        public string Tenant { get; set; } = "";

        public string Name { get; set; } = "";

        public string Hash { get; set; } = "";

        public string Scopes { get; set; } = "";

        public long CreatedAt { get; set; }

        public long? RevokedAt { get; set; }

        public ApiKey ToKey() => new(
            Id,
            Tenant,
            Name,
            ScopeNames.Parse(Scopes),
            DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            RevokedAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null);
    }
}
