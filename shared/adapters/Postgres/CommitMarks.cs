using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Metadata;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>
/// Lets a client find out what became of a transaction whose connection broke during its commit. Each transaction that writes leaves a number in a
/// row, which no two use at once; the row tells afterwards. (PostgreSQL's own answer, <c>txid_status</c>, is wrong after a crash: numbers of transactions that
/// left no trace on the disk are given out again.)
/// </summary>
internal sealed class CommitMarks(PostgresConnections connections, TimeSpan timeout, TimeProvider time, ILogger logger)
{
    public const string CreateTable = "CREATE TABLE IF NOT EXISTS metadata_commits (slot text PRIMARY KEY, number bigint NOT NULL, at bigint NOT NULL);";

    /// <summary>Rows of processes that ended long ago.</summary>
    public const string RemoveOld = "DELETE FROM metadata_commits WHERE at < @old";

    // Only where something was written: else there is nothing to find out, and nothing to make durable.
    private const string Put = """
        INSERT INTO metadata_commits (slot, number, at) SELECT @slot, @number, @now WHERE txid_current_if_assigned() IS NOT NULL
        ON CONFLICT (slot) DO UPDATE SET number = excluded.number, at = excluded.at
        """;

    // A write, for it waits until the transaction in doubt, which holds the row, is over. That may still happen: its COMMIT may be on the way.
    private const string Ask = """
        INSERT INTO metadata_commits (slot, number, at) VALUES (@slot, 0, @now) ON CONFLICT (slot) DO UPDATE SET at = excluded.at RETURNING number
        """;

    private readonly ConcurrentBag<Slot> _free = [];

    /// <summary>A row for one transaction at a time. Returned when the outcome is known; dropped otherwise.</summary>
    public Slot Take() => _free.TryTake(out var slot) ? slot : new Slot();

    public void Return(Slot slot) => _free.Add(slot);

    /// <summary>Leaves the mark. Fails where a statement had failed and the work passed over it: a COMMIT would roll back and say nothing.</summary>
    /// <returns>Whether the transaction has written anything.</returns>
    public async Task<bool> PutAsync(Slot slot, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        slot.Number++;
        await using var command = Command(Put, slot, connection);
        command.Transaction = transaction;
        command.Parameters.AddWithValue("number", slot.Number);
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    /// <summary>Whether the transaction that left the slot's mark was committed.</summary>
    /// <exception cref="MetadataDatabaseException">The server did not say in time.</exception>
    public async Task<bool> WasCommittedAsync(Slot slot, NpgsqlException broken)
    {
        Log.CommitInDoubt(logger, connections.Place, broken.Message);
        connections.Forget();
        var started = time.GetTimestamp();
        for (var attempt = 1; time.GetElapsedTime(started) < timeout; attempt++)
        {
            try
            {
                await using var connection = await connections.OpenAsync(CancellationToken.None);
                await using var command = Command(Ask, slot, connection);
                return (long)(await command.ExecuteScalarAsync(CancellationToken.None))! == slot.Number;
            }
            catch (Exception e) when (e is NpgsqlException or MetadataDatabaseException { Retryable: true })
            {
                Log.CommitInDoubt(logger, connections.Place, e.Message);
            }

            await Task.Delay(Pauses.After(attempt), time, CancellationToken.None);
        }

        throw new MetadataDatabaseException(
            $"The connection to {connections.Place} broke while a transaction was committed, and for {timeout.TotalSeconds} s the server did not say what became of it.",
            false,
            broken);
    }

    private NpgsqlCommand Command(string sql, Slot slot, NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue("slot", slot.Id);
        command.Parameters.AddWithValue("now", time.GetUtcNow().ToUnixTimeMilliseconds());
        return command;
    }

    /// <summary>The row of one transaction at a time.</summary>
    internal sealed class Slot
    {
        public string Id { get; } = Guid.NewGuid().ToString("n");

        public long Number { get; set; }
    }
}
