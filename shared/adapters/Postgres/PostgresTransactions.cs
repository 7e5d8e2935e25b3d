using System.Data;
using System.Data.Common;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Metadata;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>
/// Serializable transactions. PostgreSQL refuses one of two that conflict (40001, 40P01), as late as at its commit: it is then run again, after a
/// random pause. One whose connection breaks before the commit is run again as well; when it breaks during the commit, the server is asked
/// what became of it.
/// </summary>
internal sealed class PostgresTransactions(
    PostgresConnections connections, TimeSpan retryTimeout, PostgresMetrics metrics, TimeProvider time, ILogger logger)
{
    private const int MaxBreaks = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private readonly AsyncLocal<bool> _inside = new();

    public async Task<T> RunAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_inside.Value)
            throw new InvalidOperationException("A transaction was begun inside another one: each would wait for the other's rows.");
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
                    Log.ConnectionBroken(logger, connections.Place, run.Exception!.Message);
                    connections.Forget();
                    continue;
                case Outcome.Broken:
                    throw connections.Translate(run.Exception!);
                // Two that looked, found nothing and inserted: run again, the loser finds it. If not, it is the work's own mistake.
                case Outcome.Unique when ++uniques > 1:
                    run.Rethrow();
                    break;
                default:
                    break;
            }

            metrics.Conflicted();
            if (time.GetElapsedTime(started) >= retryTimeout)
                throw new MetadataDatabaseException(
                    $"A transaction on {connections.Place} conflicted with others {attempt} times within {retryTimeout.TotalSeconds} s.", true, run.Exception);
            await Task.Delay(PauseAfter(attempt), time, cancellationToken);
        }
    }

    private async Task<Run<T>> TryAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken);
        long? id = null;
        var committing = false;
        T? result = default;
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken);
            result = await work(connection, transaction, cancellationToken);
            // Fails where a statement had failed and the work passed over it: a COMMIT would roll back and say nothing.
            id = await IdAsync(connection, transaction, cancellationToken);
            committing = true;
            // From here on the caller must learn what became of it, so nothing cancels it.
            await transaction.CommitAsync(CancellationToken.None);
            return new Run<T>(Outcome.Committed, result, null);
        }
        catch (Exception e) when (Vendor(e) is { } vendor && OutcomeOf(vendor, connection) is { } outcome)
        {
            if (!committing || outcome != Outcome.Broken)
                return new Run<T>(outcome, default, vendor, e);
            // Without an id it has changed nothing.
            if (id is null || !await WasCommittedAsync(id.Value, vendor))
                return new Run<T>(Outcome.Broken, default, vendor);
        }

        return new Run<T>(Outcome.Committed, result, null);
    }

    private static async Task<long?> IdAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT txid_current_if_assigned()", connection, transaction);
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    /// <summary>What became of a transaction whose connection broke during its commit.</summary>
    private async Task<bool> WasCommittedAsync(long id, NpgsqlException broken)
    {
        Log.CommitInDoubt(logger, connections.Place, broken.Message);
        connections.Forget();
        var started = time.GetTimestamp();
        for (var attempt = 1; time.GetElapsedTime(started) < retryTimeout; attempt++)
        {
            try
            {
                await using var connection = await connections.OpenAsync(CancellationToken.None);
                await using var command = new NpgsqlCommand("SELECT txid_status(@id)", connection);
                command.Parameters.AddWithValue("id", id);
                switch (await command.ExecuteScalarAsync(CancellationToken.None) as string)
                {
                    case "committed": return true;
                    case "aborted": return false;
                    default: break; // Still in progress: the server has not noticed yet that its client is gone.
                }
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidParameterValue)
            {
                return false; // In the server's future: it crashed and recovered without it.
            }
            catch (Exception e) when (e is NpgsqlException or MetadataDatabaseException { Retryable: true })
            {
                Log.CommitInDoubt(logger, connections.Place, e.Message);
            }

            await Task.Delay(PauseAfter(attempt), time, CancellationToken.None);
        }

        throw new MetadataDatabaseException(
            $"The connection to {connections.Place} broke while a transaction was committed, and for {retryTimeout.TotalSeconds} s the server did not say what became of it.",
            false,
            broken);
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

    // Full jitter: those that met once must not meet again.
    private static TimeSpan PauseAfter(int attempt)
    {
        var ceiling = Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 16)), LongestPause.TotalMilliseconds);
#pragma warning disable CA5394 // Jitter is no secret.
        return TimeSpan.FromMilliseconds(ceiling * Random.Shared.NextDouble());
#pragma warning restore CA5394
    }

    private enum Outcome
    {
        Unset = 0,
        Committed,
        Conflict,
        Unique,
        Broken,
    }

    private sealed record Run<T>(Outcome Outcome, T? Result, NpgsqlException? Exception, Exception? Thrown = null)
    {
        public void Rethrow() => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(Thrown!);
    }
}
