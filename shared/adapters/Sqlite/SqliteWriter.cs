using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.Sqlite;

/// <summary>
/// The one connection that writes. Writers of this process queue up without a thread each; writers of other processes are waited for with
/// pauses. SQLite allows one writer at a time anyhow, so a transaction takes the lock at its beginning and never conflicts later.
/// </summary>
internal sealed class SqliteWriter(SqliteConnections connections, TimeSpan busyTimeout, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly AsyncLocal<bool> _inside = new();
    private SqliteConnection? _connection;

    public async Task<T> RunAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_inside.Value)
            throw new InvalidOperationException("A transaction was begun inside another one: it would wait for itself for ever.");
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _inside.Value = true;
            var connection = _connection ??= connections.OpenWriter();
            await using var transaction = await BeginAsync(connection, cancellationToken);
            try
            {
                var result = await work(connection, transaction, cancellationToken);
                // From here on the caller must learn what became of it, so nothing cancels it.
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            }
            catch
            {
                Rollback(transaction);
                throw;
            }
        }
        finally
        {
            _inside.Value = false;
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
        _connection = null;
        _gate.Release();
        _gate.Dispose();
    }

    private async Task<SqliteTransaction> BeginAsync(SqliteConnection connection, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var pause = FirstPause;
        var timeout = connection.DefaultTimeout;
        while (true)
        {
            try
            {
                // The vendor waits with sleeping threads, at least a second; asynchronous pauses do the rest of the waiting.
                connection.DefaultTimeout = 1;
                return connection.BeginTransaction(deferred: false);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY && time.GetElapsedTime(started) < busyTimeout)
            {
                await Task.Delay(pause, time, cancellationToken);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            }
            catch (SqliteException e)
            {
                Discard();
                throw connections.Translate(e);
            }
            finally
            {
                connection.DefaultTimeout = timeout;
            }
        }
    }

    private void Rollback(SqliteTransaction transaction)
    {
        try
        {
            // An I/O error or a full disk has rolled back already, and the vendor knows it.
            if (transaction.Connection is not null)
                transaction.Rollback();
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException)
        {
            Log.RollbackFailed(logger, connections.File, e);
            Discard();
        }
    }

    private void Discard()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
