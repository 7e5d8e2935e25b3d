using System.Data;
using Dapper;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Metadata;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>
/// Runs migrations, each in a transaction of its own together with the note that it has run. The transaction holds an advisory lock, so of several
/// instances that start at once one migrates and the others wait. Where nothing is to do there is no lock and nothing is written, so an
/// instance may run without the right to make tables.
/// </summary>
internal sealed class PostgresMigrations(PostgresConnections connections, TimeProvider time, ILogger logger)
{
    // Any number that no other program on this database takes: "millrace" in ASCII.
    private const long LockKey = 0x6D696C6C72616365;

    private const string CreateTables = CommitMarks.CreateTable + """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            module text NOT NULL, version integer NOT NULL, name text NOT NULL, applied_at bigint NOT NULL, PRIMARY KEY (module, version));
        CREATE TABLE IF NOT EXISTS metadata_payloads (id text PRIMARY KEY, payload text NOT NULL, at bigint NOT NULL);
        """;

    private const string VersionOf = "SELECT CAST(COALESCE(MAX(version), 0) AS bigint) FROM schema_migrations WHERE module = @module";
    private static readonly TimeSpan MarksKept = TimeSpan.FromDays(1);
    private volatile bool _prepared;

    /// <summary>Makes the adapter's own tables unless they are there.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_prepared)
            return;
        await using (var connection = await connections.OpenCheckedAsync(cancellationToken))
        {
            var made = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
                """
                SELECT to_regclass('schema_migrations') IS NOT NULL AND to_regclass('metadata_payloads') IS NOT NULL
                    AND to_regclass('metadata_commits') IS NOT NULL
                """,
                cancellationToken: cancellationToken));
            if (made)
                await connection.ExecuteAsync(new CommandDefinition(
                    CommitMarks.RemoveOld, new { old = (time.GetUtcNow() - MarksKept).ToUnixTimeMilliseconds() }, cancellationToken: cancellationToken));
            _prepared = made;
        }

        if (_prepared)
            return;
        await LockedAsync(
            async (connection, transaction) =>
            {
                try
                {
                    return await connection.ExecuteAsync(new CommandDefinition(CreateTables, transaction: transaction, cancellationToken: cancellationToken));
                }
                catch (PostgresException e)
                {
                    throw new MetadataDatabaseException($"Tables can't be made in {connections.Place}: {e.MessageText}", false, e);
                }
            },
            cancellationToken);
        _prepared = true;
    }

    public async Task RunAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Version != i + 1)
                throw new ArgumentException($"Migrations of {module} are numbered from 1 without gaps; number {i + 1} has version {migrations[i].Version}.");
        }

        await PrepareAsync(cancellationToken);
        await using (var connection = await connections.OpenCheckedAsync(cancellationToken))
        {
            var applied = await connection.ExecuteScalarAsync<long>(new CommandDefinition(VersionOf, new { module }, cancellationToken: cancellationToken));
            if (applied == migrations.Count)
                return;
        }

        while (await LockedAsync((connection, transaction) => StepAsync(connection, transaction, module, migrations, cancellationToken), cancellationToken) is { } done)
            Log.Migrated(logger, module, done.Version, done.Name);
    }

    private async Task<Migration?> StepAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        var applied = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            VersionOf, new { module }, transaction, cancellationToken: cancellationToken));
        if (applied > migrations.Count)
            throw new MetadataDatabaseException(
                $"The tables of {module} are at version {applied}, this program knows {migrations.Count}: start the newer program.", false);
        if (applied == migrations.Count)
            return null;

        var next = migrations[(int)applied];
        try
        {
            // A table that is large may take its time.
            await connection.ExecuteAsync(new CommandDefinition(next.Sql, transaction: transaction, commandTimeout: 0, cancellationToken: cancellationToken));
        }
        catch (PostgresException e)
        {
            throw new MetadataDatabaseException($"Migration {next.Version} of {module} ({next.Name}) failed: {e.MessageText}", false, e);
        }

        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO schema_migrations (module, version, name, applied_at) VALUES (@module, @Version, @Name, @now)",
            new { module, next.Version, next.Name, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
            transaction,
            cancellationToken: cancellationToken));
        return next;
    }

    // Read committed: what the one before us has done is visible once the lock is ours. It ends with the transaction, also that of a killed process.
    private async Task<T> LockedAsync<T>(Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenCheckedAsync(cancellationToken);
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(
                "SELECT pg_advisory_xact_lock(@LockKey)", new { LockKey }, transaction, commandTimeout: 0, cancellationToken: cancellationToken));
            var result = await work(connection, transaction);
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        }
        catch (NpgsqlException e)
        {
            throw connections.Translate(e);
        }
    }
}
