using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.Metadata;

namespace Millrace.Adapters.Postgres;

/// <summary>
/// The metadata database on a PostgreSQL server that any number of instances share. A connection is asked before it is handed out for reading, so a
/// restart of the server is not noticed by the first reader after it.
/// </summary>
internal sealed class PostgresMetadataDatabase : IMetadataDatabase, IAsyncDisposable
{
    private readonly PostgresConnections _connections;
    private readonly PostgresTransactions _transactions;
    private readonly PostgresMigrations _migrations;
    private readonly PostgresListener _listener;
    private readonly PostgresNotifications _notifications;
    private int _disposed;

    public PostgresMetadataDatabase(
        IOptions<PostgresOptions> options, PostgresMetrics metrics, TimeProvider time, ILogger<PostgresMetadataDatabase> logger)
    {
        _connections = new PostgresConnections(options.Value);
        _migrations = new PostgresMigrations(_connections, time, logger);
        var marks = new CommitMarks(_connections, options.Value.RetryTimeout, time, logger);
        _transactions = new PostgresTransactions(_connections, _migrations, marks, options.Value.RetryTimeout, metrics, time, logger);
        _listener = new PostgresListener(_connections, metrics, time, logger);
        _notifications = new PostgresNotifications(_connections, _migrations, _listener, time, logger);
    }

    /// <summary>Which database, for messages.</summary>
    public string Place => _connections.Place;

    /// <summary>Whether changes by other instances arrive now.</summary>
    public bool IsListening => _listener.IsListening;

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken) => await _connections.OpenCheckedAsync(cancellationToken);

    public Task<T> InTransactionAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _transactions.RunAsync(work, cancellationToken);
    }

    public Task MigrateAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(module);
        ArgumentNullException.ThrowIfNull(migrations);
        return _migrations.RunAsync(module, migrations, cancellationToken);
    }

    public ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(channel);
        ArgumentNullException.ThrowIfNull(payload);
        return _notifications.NotifyAsync(channel, payload, cancellationToken);
    }

    public async IAsyncEnumerable<string> ListenAsync(string channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(channel);
        await foreach (var payload in _notifications.ListenAsync(channel, cancellationToken))
            yield return payload;
    }

    public async ValueTask DisposeAsync()
    {
        // The container knows it by two names and disposes it by each.
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _listener.DisposeAsync();
        await _connections.DisposeAsync();
    }
}
