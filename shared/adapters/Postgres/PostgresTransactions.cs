using System.Data;
using System.Data.Common;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Metadata;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>
/// Serializable transactions. PostgreSQL refuses one of two that conflict (40001, 40P01), as late as at its commit: it is then run again, after a
/// random pause. One whose connection breaks before the commit is run again as well; when it breaks during the commit, the database is asked
/// what became of it.
/// </summary>
internal sealed class PostgresTransactions(
    PostgresConnections connections,
    PostgresMigrations migrations,
    CommitMarks marks,
    TimeSpan retryTimeout,
    PostgresMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    private const int MaxBreaks = 3;
    private readonly AsyncLocal<bool> _inside = new();

    public async Task<T> RunAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_inside.Value)
            throw new InvalidOperationException("A transaction was begun inside another one: each would wait for the other's rows.");
        await migrations.PrepareAsync(cancellationToken);
        _inside.Value = true; // For what this method calls, not for its caller.
        var started = time.GetTimestamp();
        var breaks = 0;
        var uniques = 0;
        for (var attempt = 1; ; attempt++)
        {
            var run = await TryAsync(work, cancellationToken);
            switch (run.Outcome)
            {
                case Outcome.Committed:
                    metrics.Committed(time.GetElapsedTime(started));
                    return run.Result!;
                case Outcome.Broken when ++breaks <= MaxBreaks:
                    Log.ConnectionBroken(logger, connections.Place, run.Vendor!.Message);
                    connections.Forget();
                    continue;
                case Outcome.Broken:
                    throw connections.Translate(run.Vendor!);
                // Two that looked, found nothing and inserted: run again, the loser finds it. If not, it is the work's own mistake.
                case Outcome.Unique when ++uniques > 1:
                    ExceptionDispatchInfo.Throw(run.Thrown!);
                    break;
                default:
                    break;
            }

            metrics.Conflicted();
            if (time.GetElapsedTime(started) >= retryTimeout)
                throw new MetadataDatabaseException(
                    $"A transaction on {connections.Place} conflicted with others {attempt} times within {retryTimeout.TotalSeconds} s.", true, run.Thrown);
            await Task.Delay(Pauses.After(attempt), time, cancellationToken);
        }
    }

    private async Task<Run<T>> TryAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken);
        var slot = marks.Take();
        var (marked, committing) = (false, false);
        T? result = default;
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken);
            result = await work(connection, transaction, cancellationToken);
            marked = await marks.PutAsync(slot, connection, transaction, cancellationToken);
            committing = true;
            // From here on the caller must learn what became of it, so nothing cancels it.
            await transaction.CommitAsync(CancellationToken.None);
            return new Run<T>(Outcome.Committed, result);
        }
        catch (Exception e) when (Vendor(e) is { } vendor && OutcomeOf(vendor, connection) is { } outcome)
        {
            if (!committing || outcome != Outcome.Broken || !marked || !await marks.WasCommittedAsync(slot, vendor))
                return new Run<T>(outcome, default, vendor, e);
        }
        finally
        {
            // Over a broken connection the server may hold the row for a while yet.
            if (connection.State == ConnectionState.Open)
                marks.Return(slot);
        }

        return new Run<T>(Outcome.Committed, result);
    }

    private static Outcome? OutcomeOf(NpgsqlException exception, NpgsqlConnection connection) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } => Outcome.Conflict,
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => Outcome.Unique,
        _ => connection.State == ConnectionState.Open ? null : Outcome.Broken,
    };

    private static NpgsqlException? Vendor(Exception? exception)
    {
        while (exception is not (null or NpgsqlException)) exception = exception.InnerException;
        return exception as NpgsqlException;
    }

    private enum Outcome
    {
        Unset = 0,
        Committed,
        Conflict,
        Unique,
        Broken,
    }

    private sealed record Run<T>(Outcome Outcome, T? Result, NpgsqlException? Vendor = null, Exception? Thrown = null);
}
