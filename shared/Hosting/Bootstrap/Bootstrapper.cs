using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Authentication;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Bootstrap;

/// <summary>Sees to it that there is a tenant and a key with which everything else can be set up.</summary>
internal sealed class Bootstrapper(
    IMetadataDatabase database,
    ApiKeyStore keys,
    AuditLog audit,
    TimeProvider time,
    IOptions<BootstrapOptions> options,
    BootstrapResult result,
    ILogger<Bootstrapper> logger)
{
    private const string Actor = "system:bootstrap";
    private const string KeyName = "bootstrap";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var tenant = options.Value.Tenant;
        result.Tenant = tenant;
        if (options.Value.ApiKey is { } configured)
        {
            var changed = await database.InTransactionAsync(
                (connection, transaction, token) => PutConfiguredAsync(connection, transaction, tenant, configured, token), cancellationToken);
            // Other instances may still know the key that was configured before.
            if (changed > 0)
                await database.NotifyAsync(KeyWatcher.Channel, "", cancellationToken);
            result.ApiKey = configured;
            return;
        }

        var made = await database.InTransactionAsync(
            (connection, transaction, token) => MakeFirstAsync(connection, transaction, tenant, token), cancellationToken);
        if (made is not null)
        {
            (result.ApiKey, result.IsNew) = (made, true);
            if (options.Value.KeyFile is { } file)
                KeyFile.Write(file, made);
            Log.BootstrapKeyMade(logger, tenant);
        }
        else if (options.Value.KeyFile is { } file && KeyFile.Read(file) is { } kept
            && await keys.VerifyAsync(kept, cancellationToken) is { } known)
        {
            (result.ApiKey, result.Tenant) = (kept, known.Tenant);
        }
    }

    /// <summary>The configured key is in force, and the one that was configured before it is not any more.</summary>
    private async Task<int> PutConfiguredAsync(
        DbConnection connection, DbTransaction transaction, string tenant, string clearText, CancellationToken token)
    {
        await TenantStore.EnsureAsync(connection, transaction, tenant, time, token);
        var hash = KeyHash.Of(clearText).ToString();
        var owner = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "SELECT tenant FROM api_keys WHERE hash = @hash AND revoked_at IS NULL", new { hash }, transaction, cancellationToken: token));
        if (owner == tenant)
            return 0;

        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE api_keys SET revoked_at = @now WHERE name = @name AND id LIKE 'boot%' AND revoked_at IS NULL",
            new { now, name = KeyName },
            transaction,
            cancellationToken: token));
        // The same text may have been in force before, for this tenant or another: the operator's word counts, so its old row goes.
        await connection.ExecuteAsync(new CommandDefinition("DELETE FROM api_keys WHERE hash = @hash", new { hash }, transaction, cancellationToken: token));
        var id = "boot" + Guid.CreateVersion7(time.GetUtcNow()).ToString("n")[..12];
        await keys.InsertAsync(connection, transaction, id, tenant, KeyName, clearText, ScopeNames.All, token);
        await audit.WriteAsync(connection, transaction, tenant, Actor, "key.create", id, "bootstrap key from the configuration", token);
        return 1;
    }

    private async Task<string?> MakeFirstAsync(DbConnection connection, DbTransaction transaction, string tenant, CancellationToken token)
    {
        var count = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM api_keys", transaction: transaction, cancellationToken: token));
        if (count > 0)
            return null;
        await TenantStore.EnsureAsync(connection, transaction, tenant, time, token);
        var clearText = ApiKeyStore.NewClearText(KeyName);
        await keys.InsertAsync(connection, transaction, KeyName, tenant, KeyName, clearText, ScopeNames.All, token);
        await audit.WriteAsync(connection, transaction, tenant, Actor, "key.create", KeyName, "random bootstrap key at the first start", token);
        return clearText;
    }
}
