using System.Data.Common;

namespace Millrace.Ports.Metadata;

/// <summary>
/// The relational database of everything that people configure and that must survive (tenants, keys, rules, alerts, outbox, audit, ledger).
/// Services keep their own tables in it and speak Dapper over the connections it opens, in the SQL that SQLite and PostgreSQL share:
/// <c>@name</c> parameters, <c>INSERT … ON CONFLICT … DO UPDATE</c>, <c>RETURNING</c>, <c>bigint</c> milliseconds for times,
/// <c>text</c> for JSON and ids, <c>integer</c> 0/1 for booleans.
/// </summary>
public interface IMetadataDatabase
{
    /// <summary>An open connection for reading. The caller disposes it.</summary>
    /// <exception cref="MetadataDatabaseException">The database can't be reached.</exception>
    ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Runs work in one serializable transaction and commits it durably when the work returns; an exception rolls back.
    /// The work may be run again after a serialization conflict, so it must have no effect outside the transaction, and it must not begin
    /// another transaction.
    /// </summary>
    /// <exception cref="MetadataDatabaseException">The database can't be reached or locked; nothing was changed.</exception>
    Task<T> InTransactionAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Brings the tables of a module up to date: runs, in order and once per database, the migrations it has not yet seen.</summary>
    /// <param name="module">Name of the module, such as <c>alerting</c>.</param>
    /// <param name="migrations">All migrations of the module, oldest first; a landed one is never changed.</param>
    /// <param name="cancellationToken">Stops between migrations.</param>
    /// <exception cref="MetadataDatabaseException">A migration failed and was rolled back, or the database is newer than this program.</exception>
    Task MigrateAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken);

    /// <summary>Tells every instance on this database, this one included, that a topic of configuration changed.</summary>
    ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken);

    /// <summary>
    /// Payloads of a channel as they are notified, at least once each, within a second. It begins with one empty payload once it listens, and
    /// gives another after anything that may have been missed (a lost connection, a reader that was away too long): an empty payload says
    /// "anything may have changed". So whoever loads its state on every payload never misses a change. Never ends before the token does.
    /// </summary>
    IAsyncEnumerable<string> ListenAsync(string channel, CancellationToken cancellationToken);
}

/// <summary>One step of a module's schema.</summary>
/// <param name="Version">From 1, ascending without gaps.</param>
/// <param name="Name">What it does, a few words.</param>
/// <param name="Sql">Statements separated by semicolons.</param>
public sealed record Migration(int Version, string Name, string Sql);
