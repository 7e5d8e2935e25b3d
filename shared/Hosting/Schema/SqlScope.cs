using System.Data.Common;
using Dapper;

namespace Millrace.Hosting.Schema;

/// <summary>A transaction to write in. Not thread-safe.</summary>
/// <param name="Connection">Its connection.</param>
/// <param name="Transaction">The transaction.</param>
/// <param name="NowMs">Wall clock at its begin, in milliseconds since 1970.</param>
/// <param name="Cancellation">Stops it.</param>
public sealed record SqlScope(DbConnection Connection, DbTransaction Transaction, long NowMs, CancellationToken Cancellation)
{
    private readonly List<Action> _afterCommit = [];

    /// <summary>Has something done once the transaction is committed; nothing when it is rolled back.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    /// <summary>Runs a statement; answers with the rows that it changed.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters = null) => Connection.ExecuteAsync(Command(sql, parameters));

    /// <summary>Rows.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) => (await Connection.QueryAsync<T>(Command(sql, parameters))).AsList();

    /// <summary>The first row; the type's default without one.</summary>
    public Task<T?> FirstAsync<T>(string sql, object? parameters = null) => Connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters));

    /// <summary>Does what waited for the commit.</summary>
    internal void Committed() => _afterCommit.ForEach(action => action());

    private CommandDefinition Command(string sql, object? parameters) => new(sql, parameters, Transaction, cancellationToken: Cancellation);
}
