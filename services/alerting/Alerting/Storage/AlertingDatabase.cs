using Dapper;
using Millrace.Ports.Metadata;

namespace Millrace.Alerting.Storage;

/// <summary>The metadata database with this service's tables, made at the first use.</summary>
internal sealed class AlertingDatabase(IMetadataDatabase database, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private volatile bool _migrated;

    public IMetadataDatabase Raw => database;

    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Runs work in one transaction, again after a conflict.</summary>
    public async Task<T> WriteAsync<T>(Func<SqlScope, Task<T>> work, CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        SqlScope? scope = null;
        var result = await database.InTransactionAsync(
            (connection, transaction, token) => work(scope = new SqlScope(connection, transaction, NowMs, token)), cancellationToken);
        scope?.Committed();
        return result;
    }

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        await using var connection = await database.OpenAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).AsList();
    }

    public async Task<T?> FirstAsync<T>(string sql, object? parameters, CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        await using var connection = await database.OpenAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_migrated) return;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_migrated) return;
            await AlertingSchema.EnsureAsync(database, cancellationToken);
            _migrated = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
