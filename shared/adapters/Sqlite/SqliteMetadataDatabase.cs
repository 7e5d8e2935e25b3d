using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.Metadata;

namespace Millrace.Adapters.Sqlite;

/// <summary>
/// The metadata database as one SQLite file that several processes may share. Readers run in parallel and never wait for the writer.
/// The file is opened, and made when it is missing, at the first use.
/// </summary>
internal sealed class SqliteMetadataDatabase : IMetadataDatabase, IAsyncDisposable
{
    private readonly SqliteConnections _connections;
    private readonly SqliteWriter _writer;
    private readonly SqliteMigrations _migrations;
    private readonly SqliteNotifications _notifications;
    private readonly bool _readOnly;
    private volatile bool _prepared;

    public SqliteMetadataDatabase(IOptions<SqliteOptions> options, TimeProvider time, ILogger<SqliteMetadataDatabase> logger)
    {
        var settings = options.Value;
        _readOnly = settings.ReadOnly;
        _connections = new SqliteConnections(settings);
        _writer = new SqliteWriter(_connections, settings.BusyTimeout, time, logger);
        _migrations = new SqliteMigrations(_writer, time, logger);
        _notifications = new SqliteNotifications(_connections, _writer, settings.PollInterval, time, logger);
    }

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await PrepareAsync(cancellationToken);
        return _connections.OpenReader();
    }

    public async Task<T> InTransactionAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        RequireWritable();
        await PrepareAsync(cancellationToken);
        return await _writer.RunAsync(work, cancellationToken);
    }

    public async Task MigrateAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(module);
        ArgumentNullException.ThrowIfNull(migrations);
        RequireWritable();
        await PrepareAsync(cancellationToken);
        await _migrations.RunAsync(module, migrations, cancellationToken);
    }

    public async ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(channel);
        ArgumentNullException.ThrowIfNull(payload);
        RequireWritable();
        await PrepareAsync(cancellationToken);
        await _notifications.NotifyAsync(channel, payload, cancellationToken);
    }

    public async IAsyncEnumerable<string> ListenAsync(string channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(channel);
        await PrepareAsync(cancellationToken);
        await foreach (var payload in _notifications.ListenAsync(channel, cancellationToken))
            yield return payload;
    }

    public async ValueTask DisposeAsync()
    {
        await _notifications.DisposeAsync();
        await _writer.DisposeAsync();
        _connections.ClearPool();
    }

    private async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        if (_prepared || _readOnly)
            return;
        // A writer in another process must not hold up a reader, so it is only where something is missing that the lock is taken.
        if (HasTables())
        {
            _prepared = true;
            return;
        }

        await _writer.RunAsync(
            (connection, transaction, _) => connection.ExecuteAsync(
                SqliteMigrations.CreateTable + SqliteNotifications.CreateTable, transaction: transaction),
            cancellationToken);
        _prepared = true;
    }

    private bool HasTables()
    {
        if (!File.Exists(_connections.File))
            return false;
        using var connection = _connections.OpenReader();
        try
        {
            return connection.ExecuteScalar<long>(
                "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('schema_migrations', 'metadata_notifications')") == 2;
        }
        catch (SqliteException e)
        {
            throw _connections.Translate(e);
        }
    }

    private void RequireWritable()
    {
        if (_readOnly)
            throw new InvalidOperationException($"The metadata database {_connections.File} is opened for reading only.");
    }
}
