using Dapper;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Schema;

/// <summary>The metadata database with one component's tables, which are made or brought up to date at the first use. Thread-safe.</summary>
/// <param name="database">The database.</param>
/// <param name="migrate">Brings the tables up to date. Called again at the next use where it failed.</param>
/// <param name="time">The clock.</param>
public abstract class MigratedDatabase(IMetadataDatabase database, Func<IMetadataDatabase, CancellationToken, Task> migrate, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private volatile bool _migrated;

    /// <summary>The database as it is, whether or not the tables are there.</summary>
    public IMetadataDatabase Raw => database;

    /// <summary>The wall clock, in milliseconds since 1970.</summary>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Rows, outside any transaction.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        await using var connection = await database.OpenAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>The first row, outside any transaction; the type's default without one.</summary>
    public async Task<T?> FirstAsync<T>(string sql, object? parameters, CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        await using var connection = await database.OpenAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

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

    /// <summary>Makes sure that the tables are there.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_migrated) return;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_migrated) return;
            await migrate(database, cancellationToken);
            _migrated = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what it holds.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing) _gate.Dispose();
    }

}
