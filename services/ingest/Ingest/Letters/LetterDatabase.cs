using System.Data.Common;
using Dapper;
using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;

namespace Millrace.Ingest.Letters;

/// <summary>The metadata database with the tables of dead letters, made at the first use.</summary>
internal sealed class LetterDatabase(IMetadataDatabase database, TimeProvider time) : MigratedDatabase(database, LetterSchema.EnsureAsync, time)
{
    /// <summary>Runs work in one transaction, again after a conflict.</summary>
    public Task<T> WriteAsync<T>(Func<LetterTransaction, Task<T>> work, CancellationToken cancellationToken) => InTransactionAsync(
        (connection, transaction, token) => work(new LetterTransaction(connection, transaction, NowMs, token)), cancellationToken);
}

/// <summary>A transaction to write in.</summary>
/// <param name="Connection">Its connection.</param>
/// <param name="Transaction">The transaction.</param>
/// <param name="NowMs">Wall clock at its begin.</param>
/// <param name="Cancellation">Stops it.</param>
internal sealed record LetterTransaction(DbConnection Connection, DbTransaction Transaction, long NowMs, CancellationToken Cancellation)
{
    public Task<int> ExecuteAsync(string sql, object? parameters = null) => Connection.ExecuteAsync(Command(sql, parameters));

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) => (await Connection.QueryAsync<T>(Command(sql, parameters))).AsList();

    public Task<T?> FirstAsync<T>(string sql, object? parameters = null) => Connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters));

    private CommandDefinition Command(string sql, object? parameters) => new(sql, parameters, Transaction, cancellationToken: Cancellation);
}

/// <summary>Lists for <c>IN</c>, a parameter each, since PostgreSQL's <c>IN</c> takes no array.</summary>
internal static class InList
{
    /// <summary><c>@p0, @p1, …</c></summary>
    public static string Names(IReadOnlyCollection<string> values) => string.Join(", ", Enumerable.Range(0, values.Count).Select(i => $"@p{i}"));

    /// <summary>The parameters to it, with others beside them.</summary>
    public static DynamicParameters Parameters(IReadOnlyCollection<string> values, object? others = null)
    {
        var parameters = new DynamicParameters(others);
        foreach (var (i, value) in values.Index()) parameters.Add($"p{i}", value);
        return parameters;
    }
}
