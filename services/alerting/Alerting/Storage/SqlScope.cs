using System.Data.Common;
using Dapper;

namespace Millrace.Alerting.Storage;

/// <summary>A transaction to write in.</summary>
/// <param name="Connection">Its connection.</param>
/// <param name="Transaction">The transaction.</param>
/// <param name="NowMs">Wall clock at its begin.</param>
/// <param name="Cancellation">Stops it.</param>
internal sealed record SqlScope(DbConnection Connection, DbTransaction Transaction, long NowMs, CancellationToken Cancellation)
{
    private readonly List<Action> _afterCommit = [];

    /// <summary>Has something done once the transaction is committed; nothing when it is rolled back.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    public void Committed() => _afterCommit.ForEach(action => action());

    public Task<int> ExecuteAsync(string sql, object? parameters = null) => Connection.ExecuteAsync(Command(sql, parameters));

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) => (await Connection.QueryAsync<T>(Command(sql, parameters))).AsList();

    public Task<T?> FirstAsync<T>(string sql, object? parameters = null) => Connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters));

    private CommandDefinition Command(string sql, object? parameters) => new(sql, parameters, Transaction, cancellationToken: Cancellation);
}
