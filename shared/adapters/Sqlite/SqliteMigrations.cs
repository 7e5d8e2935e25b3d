using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Metadata;

namespace Millrace.Adapters.Sqlite;

/// <summary>Runs migrations, each in a transaction of its own together with the note that it has run.</summary>
internal sealed class SqliteMigrations(SqliteWriter writer, TimeProvider time, ILogger logger)
{
    public const string CreateTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            module text NOT NULL, version integer NOT NULL, name text NOT NULL, applied_at bigint NOT NULL, PRIMARY KEY (module, version));
        """;

    public async Task RunAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Version != i + 1)
                throw new ArgumentException($"Migrations of {module} are numbered from 1 without gaps; number {i + 1} has version {migrations[i].Version}.");
        }

        while (await StepAsync(module, migrations, cancellationToken) is { } done)
            Log.Migrated(logger, module, done.Version, done.Name);
    }

    // Another process may migrate at the same time, so what has run is looked up inside the transaction.
    private Task<Migration?> StepAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) => writer.RunAsync(
        async (connection, transaction, token) =>
        {
            var applied = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                "SELECT COALESCE(MAX(version), 0) FROM schema_migrations WHERE module = @module", new { module }, transaction, cancellationToken: token));
            if (applied > migrations.Count)
                throw new MetadataDatabaseException(
                    $"The tables of {module} are at version {applied}, this program knows {migrations.Count}: start the newer program.", false);
            if (applied == migrations.Count)
                return null;

            var next = migrations[(int)applied];
            try
            {
                await connection.ExecuteAsync(new CommandDefinition(next.Sql, transaction: transaction, cancellationToken: token));
            }
            catch (SqliteException e)
            {
                throw new MetadataDatabaseException($"Migration {next.Version} of {module} ({next.Name}) failed: {e.Message}", false, e);
            }

            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO schema_migrations (module, version, name, applied_at) VALUES (@module, @Version, @Name, @now)",
                new { module, next.Version, next.Name, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
                transaction,
                cancellationToken: token));
            return next;
        },
        cancellationToken);
}
