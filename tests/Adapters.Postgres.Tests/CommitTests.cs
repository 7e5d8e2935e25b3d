using System.Data.Common;
using Dapper;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Npgsql;
using Xunit;

namespace Millrace.Adapters.Postgres.Tests;

/// <summary>What becomes of a transaction when the way to the server fails in the middle.</summary>
public sealed class CommitTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly Migration[] Table = [new(1, "table", "CREATE TABLE notes (text text NOT NULL);")];
    private CuttingProxy _proxy = null!;
    private PostgresMetadataDatabase _database = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var server = await postgres.GetServerAsync();
        _proxy = new CuttingProxy(server.Port);
        _database = Databases.Open(await postgres.CreateDatabaseAsync(), options => options.Port = _proxy.Port);
        await _database.MigrateAsync("test", Table, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_proxy is not null) await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Commit_answer_is_lost_is_not_run_again()
    {
        var runs = 0;
        _proxy.CutAfterNextCommit();

        var answer = await _database.InTransactionAsync((c, t, _) => WriteAsync(c, t, ++runs), Cancelled);

        Assert.Equal((1, 1, 1), (answer, runs, _proxy.Cuts));
        Assert.Equal(["1"], await NotesAsync());
    }

    [Fact]
    public async Task Commit_does_not_reach_the_server_is_run_again()
    {
        var runs = 0;
        _proxy.CutBeforeNextCommit();

        var answer = await _database.InTransactionAsync((c, t, _) => WriteAsync(c, t, ++runs), Cancelled);

        Assert.Equal((2, 2, 1), (answer, runs, _proxy.Cuts));
        Assert.Equal(["2"], await NotesAsync());
    }

    [Fact]
    public async Task Process_that_stands_still_in_a_transaction_holds_up_nobody_and_runs_it_again()
    {
        var text = await postgres.CreateDatabaseAsync();
        await using var frozen = Databases.Open(text, options => options.IdleTransactionTimeout = TimeSpan.FromSeconds(1));
        await using var other = Databases.Open(text);
        await frozen.MigrateAsync("test", Table, Cancelled);
        await frozen.InTransactionAsync((c, t, _) => WriteAsync(c, t, 0), Cancelled);
        var (holding, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var runs = 0;
        var stopped = frozen.InTransactionAsync(
            async (c, t, _) =>
            {
                await c.ExecuteAsync("UPDATE notes SET text = text || 'a'", transaction: t);
                if (++runs > 1) return 0;
                holding.SetResult();
                await goOn.Task;
                return await c.ExecuteAsync("SELECT 1", transaction: t);
            },
            Cancelled);
        await holding.Task;

        await other.InTransactionAsync((c, t, _) => c.ExecuteAsync("UPDATE notes SET text = text || 'b'", transaction: t), Cancelled).WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
        goOn.SetResult();
        await stopped;

        Assert.Equal(2, runs);
        await using var connection = await other.OpenAsync(Cancelled);
        Assert.Equal("0ba", await connection.ExecuteScalarAsync<string>("SELECT text FROM notes"));
    }

    [Fact]
    public async Task Connection_breaks_before_the_commit_is_run_again()
    {
        var runs = 0;
        var answer = await _database.InTransactionAsync(
            async (c, t, _) =>
            {
                await WriteAsync(c, t, ++runs);
                if (runs == 1) await TerminateAsync(((NpgsqlConnection)c).ProcessID);
                return await c.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM notes", transaction: t);
            },
            Cancelled);

        Assert.Equal((1, 2), (answer, runs));
        Assert.Equal(["2"], await NotesAsync());
    }

    [Fact]
    public async Task Statement_fails_and_the_work_passes_over_it_throws_instead_of_forgetting_the_rest()
    {
        var error = await Assert.ThrowsAnyAsync<DbException>(() => _database.InTransactionAsync(
            async (c, t, _) =>
            {
                await WriteAsync(c, t, 1);
                await Assert.ThrowsAnyAsync<DbException>(() => c.ExecuteAsync("SELECT 1 / 0", transaction: t));
                return 0;
            },
            Cancelled));

        Assert.Equal(PostgresErrorCodes.InFailedSqlTransaction, error.SqlState);
        Assert.Empty(await NotesAsync());
    }

    [Fact]
    public async Task Pooled_connections_broken_meanwhile_are_not_handed_out()
    {
        var connections = new List<DbConnection>();
        for (var i = 0; i < 4; i++) connections.Add(await _database.OpenAsync(Cancelled));
        foreach (var connection in connections) await connection.DisposeAsync();
        await (await postgres.GetServerAsync()).ExecuteAsync(
            "postgres",
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{await DatabaseNameAsync()}' AND pid <> pg_backend_pid()",
            Cancelled);

        for (var i = 0; i < 4; i++) Assert.Empty(await NotesAsync());
    }

    private static async Task<int> WriteAsync(DbConnection connection, DbTransaction transaction, int note)
    {
        await connection.ExecuteAsync("INSERT INTO notes (text) VALUES (@text)", new { text = $"{note}" }, transaction);
        return note;
    }

    private async Task<string> DatabaseNameAsync()
    {
        await using var connection = await _database.OpenAsync(Cancelled);
        return connection.Database;
    }

    private async Task TerminateAsync(int process) => await (await postgres.GetServerAsync())
        .ExecuteAsync("postgres", $"SELECT pg_terminate_backend({process})", Cancelled);

    private async Task<IReadOnlyList<string>> NotesAsync()
    {
        await using var connection = await _database.OpenAsync(Cancelled);
        return (await connection.QueryAsync<string>("SELECT text FROM notes ORDER BY text")).AsList();
    }
}
