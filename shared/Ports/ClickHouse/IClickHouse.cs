namespace Millrace.Ports.ClickHouse;

/// <summary>
/// The analytical store, as ClickHouse's HTTP interface shows it. SQL is the contract: the same statements run on the embedded engine and on a server.
/// </summary>
/// <remarks>
/// Threading: one instance is shared by the whole process; every member may be called concurrently.
/// Durability: when <see cref="InsertAsync"/> or <see cref="ExecuteAsync"/> has returned, what it wrote survives a kill of the server process.
/// Cancellation: cancelling a call disconnects from the server, which then cancels the statement; an insert that is cancelled or fails may have been
/// stored nevertheless, so repeat it with the same <see cref="ClickHouseInsert.DeduplicationToken"/>.
/// Errors: every failure is a <see cref="ClickHouseException"/>, but for cancellation. Nothing is retried here; a decorator does that where things are composed.
/// </remarks>
public interface IClickHouse
{
    /// <summary>Asks whether the server answers. Needs no credentials.</summary>
    /// <exception cref="ClickHouseException">It does not; always retryable.</exception>
    Task PingAsync(CancellationToken cancellationToken);

    /// <summary>Runs one statement that gives no rows (DDL, ALTER, INSERT … SELECT, OPTIMIZE) to its end.</summary>
    /// <exception cref="ClickHouseException">The statement or the transport failed.</exception>
    Task ExecuteAsync(ClickHouseQuery statement, CancellationToken cancellationToken);

    /// <summary>Runs one statement that gives rows.</summary>
    /// <returns>
    /// The rows as a stream in <see cref="ClickHouseQuery.Format"/>, read from the network as the caller reads, so memory stays flat whatever the size.
    /// The caller owns it: disposing it early cancels the query.
    /// </returns>
    /// <exception cref="ClickHouseException">
    /// The statement or the transport failed before the first row. A failure after that is thrown by the stream's reads.
    /// </exception>
    Task<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken);

    /// <summary>Inserts one batch.</summary>
    /// <param name="insert">Where to and how.</param>
    /// <param name="writeBody">
    /// Writes the whole batch in <see cref="ClickHouseInsert.Format"/> to the stream it is given, and does not close it. It is sent as it is written.
    /// A retrying decorator calls it again for each attempt, so it must write the same bytes each time. What it throws reaches the caller unchanged, and
    /// nothing more is sent.
    /// </param>
    /// <param name="cancellationToken">Cancels it; see the remarks on cancellation.</param>
    /// <returns>What was written, materialized views included.</returns>
    /// <exception cref="ClickHouseException">The insert was refused, failed, or its fate is unknown (<see cref="ClickHouseException.Retryable"/>).</exception>
    Task<ClickHouseWritten> InsertAsync(ClickHouseInsert insert, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken);
}
