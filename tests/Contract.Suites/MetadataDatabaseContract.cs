using System.Data.Common;
using Dapper;
using Millrace.Ports.Metadata;
using Millrace.Testing;
using Xunit;

namespace Millrace.Contract.Suites;

/// <summary>What every <see cref="IMetadataDatabase"/> must do. A subclass opens instances on one empty database.</summary>
public abstract class MetadataDatabaseContract : IAsyncLifetime
{
    private static readonly Migration[] CounterTable =
    [
        new(1, "counters", "CREATE TABLE counters (name text PRIMARY KEY, value bigint NOT NULL);"),
        new(2, "first counter", "INSERT INTO counters (name, value) VALUES ('c', 0); INSERT INTO counters (name, value) VALUES ('d', 0);"),
    ];

    private readonly List<IMetadataDatabase> _opened = [];

    /// <summary>Another instance on the same database, as another process would open it. Each test begins with an empty database.</summary>
    protected abstract ValueTask<IMetadataDatabase> CreateAsync();

    /// <summary>Removes the database.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _opened)
        {
            if (database is IAsyncDisposable disposable) await disposable.DisposeAsync();
        }

        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task InTransaction_work_returns_is_visible_to_every_instance()
    {
        var (one, other) = (await OpenAsync(), await OpenAsync());
        await one.MigrateAsync("test", CounterTable, Cancelled);

        var answer = await one.InTransactionAsync((c, t, _) => AddAsync(c, t, 5), Cancelled);

        Assert.Equal(5, answer);
        Assert.Equal(5, await ValueAsync(one));
        Assert.Equal(5, await ValueAsync(other));
    }

    [Fact]
    public async Task InTransaction_work_throws_rolls_back_and_the_next_one_runs()
    {
        var database = await OpenCountersAsync();

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => database.InTransactionAsync<int>(
            async (c, t, _) =>
            {
                await AddAsync(c, t, 1);
                throw new InvalidTimeZoneException();
            },
            Cancelled));
        Assert.Equal(0, await ValueAsync(database));

        await database.InTransactionAsync((c, t, _) => AddAsync(c, t, 1), Cancelled);
        Assert.Equal(1, await ValueAsync(database));
    }

    [Fact]
    public async Task InTransaction_statement_fails_throws_a_database_error_and_rolls_back()
    {
        var database = await OpenCountersAsync();

        await Assert.ThrowsAnyAsync<DbException>(() => database.InTransactionAsync(
            async (c, t, _) =>
            {
                await AddAsync(c, t, 1);
                return await c.ExecuteAsync("INSERT INTO counters (name, value) VALUES ('c', 0)", transaction: t);
            },
            Cancelled));

        Assert.Equal(0, await ValueAsync(database));
    }

    [Fact]
    public async Task InTransaction_cancelled_rolls_back()
    {
        var database = await OpenCountersAsync();
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.InTransactionAsync<int>(
            async (c, t, token) =>
            {
                await AddAsync(c, t, 1);
                await stop.CancelAsync();
                token.ThrowIfCancellationRequested();
                return 0;
            },
            stop.Token));

        Assert.Equal(0, await ValueAsync(database));
    }

    [Fact]
    public async Task InTransaction_inside_another_is_refused()
    {
        var database = await OpenCountersAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.InTransactionAsync(
            (_, _, token) => database.InTransactionAsync((c, t, _) => AddAsync(c, t, 1), token), Cancelled));

        Assert.Equal(0, await ValueAsync(database));
    }

    [Fact]
    public async Task InTransaction_read_and_write_by_many_at_once_loses_no_update()
    {
        var databases = new[] { await OpenCountersAsync(), await OpenAsync() };

        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => databases[i % 2].InTransactionAsync(
            async (c, t, token) =>
            {
                // Read, think, write: only serializable transactions get this right.
                var value = await c.ExecuteScalarAsync<long>("SELECT value FROM counters WHERE name = 'c'", transaction: t);
                await Task.Yield();
                return await c.ExecuteAsync("UPDATE counters SET value = @value WHERE name = 'c'", new { value = value + 1 }, t);
            },
            Cancelled))));

        Assert.Equal(60, await ValueAsync(databases[1]));
    }

    [Fact]
    public async Task Open_while_a_transaction_is_open_reads_the_committed_state_without_waiting()
    {
        var database = await OpenCountersAsync();
        var other = await OpenAsync();

        await database.InTransactionAsync(
            async (c, t, _) =>
            {
                await AddAsync(c, t, 1);
                Assert.Equal(0, await ValueAsync(database));
                Assert.Equal(0, await ValueAsync(other));
                return 0;
            },
            Cancelled);

        Assert.Equal(1, await ValueAsync(database));
    }

    [Fact]
    public async Task Open_many_at_once_reads_in_parallel()
    {
        var database = await OpenCountersAsync();
        var connections = new List<DbConnection>();
        for (var i = 0; i < 10; i++) connections.Add(await database.OpenAsync(Cancelled));

        foreach (var connection in connections)
        {
            Assert.Equal(2, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM counters"));
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task Sql_shared_dialect_is_understood()
    {
        var database = await OpenCountersAsync();

        var values = await database.InTransactionAsync(
            async (c, t, _) =>
            {
                const string upsert = """
                    INSERT INTO counters (name, value) VALUES (@name, @value)
                    ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value RETURNING value
                    """;
                var first = await c.ExecuteScalarAsync<long>(upsert, new { name = "new", value = 3L }, t);
                var second = await c.ExecuteScalarAsync<long>(upsert, new { name = "new", value = 4L }, t);
                var ignored = await c.ExecuteAsync(
                    "INSERT INTO counters (name, value) VALUES (@name, 9) ON CONFLICT (name) DO NOTHING", new { name = "new" }, t);
                return (first, second, ignored);
            },
            Cancelled);

        Assert.Equal((3, 7, 0), values);
    }

    [Fact]
    public async Task Migrate_again_runs_only_what_is_new()
    {
        var database = await OpenAsync();
        await database.MigrateAsync("test", CounterTable[..1], Cancelled);
        await database.MigrateAsync("test", CounterTable[..1], Cancelled);

        await database.MigrateAsync("test", CounterTable, Cancelled);
        await database.MigrateAsync("test", CounterTable, Cancelled);

        Assert.Equal(0, await ValueAsync(database));
    }

    [Fact]
    public async Task Migrate_modules_count_on_their_own()
    {
        var database = await OpenAsync();
        await database.MigrateAsync("one", [new(1, "a", "CREATE TABLE one_a (id bigint);")], Cancelled);
        await database.MigrateAsync("two", [new(1, "a", "CREATE TABLE two_a (id bigint);")], Cancelled);

        await using var connection = await database.OpenAsync(Cancelled);
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM one_a, two_a"));
    }

    [Fact]
    public async Task Migrate_by_many_instances_at_once_runs_each_step_once()
    {
        var databases = new List<IMetadataDatabase>();
        for (var i = 0; i < 4; i++) databases.Add(await OpenAsync());

        await Task.WhenAll(databases.Select(database => Task.Run(() => database.MigrateAsync("test", CounterTable, Cancelled))));

        Assert.Equal(0, await ValueAsync(databases[0]));
    }

    [Fact]
    public async Task Migrate_step_fails_leaves_nothing_of_it_and_can_be_repeated()
    {
        var database = await OpenAsync();
        Migration[] broken = [CounterTable[0], new(2, "broken", "INSERT INTO counters (name, value) VALUES ('c', 0); SELECT nonsense FROM nowhere;")];

        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.MigrateAsync("test", broken, Cancelled));

        Assert.Contains("Migration 2 of test (broken)", error.Message, StringComparison.Ordinal);
        Assert.False(error.Retryable);
        await database.MigrateAsync("test", CounterTable, Cancelled);
        Assert.Equal(0, await ValueAsync(database));
    }

    [Fact]
    public async Task Migrate_database_is_newer_than_the_program_is_refused()
    {
        var database = await OpenCountersAsync();

        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.MigrateAsync("test", CounterTable[..1], Cancelled));

        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_versions_with_a_gap_are_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await (await OpenAsync()).MigrateAsync("test", [CounterTable[0], new(3, "gap", "SELECT 1;")], Cancelled));

    [Fact]
    public async Task Listen_notified_by_any_instance_yields_its_channel_in_order()
    {
        var (one, other) = (await OpenAsync(), await OpenAsync());
        using var listening = new Listening(one, "keys");
        await listening.StartedAsync();

        await one.NotifyAsync("keys", "a", Cancelled);
        await other.NotifyAsync("rules", "not mine", Cancelled);
        await other.NotifyAsync("keys", "b", Cancelled);
        await one.NotifyAsync("keys", "c", Cancelled);

        await Eventually.TrueAsync(() => listening.Payloads.Length >= 3);
        Assert.Equal(["a", "b", "c"], listening.Payloads);
    }

    [Fact]
    public async Task Listen_several_listeners_each_get_everything()
    {
        var (one, other) = (await OpenAsync(), await OpenAsync());
        using var first = new Listening(one, "keys");
        using var second = new Listening(one, "keys");
        using var third = new Listening(other, "keys");
        foreach (var listening in new[] { first, second, third }) await listening.StartedAsync();

        var expected = Enumerable.Range(0, 100).Select(i => $"p{i}").ToArray();
        foreach (var payload in expected) await one.NotifyAsync("keys", payload, Cancelled);

        foreach (var listening in new[] { first, second, third })
        {
            await Eventually.TrueAsync(() => listening.Payloads.Length >= expected.Length);
            Assert.Equal(expected, listening.Payloads);
        }
    }

    [Fact]
    public async Task Listen_payload_is_long_arrives_whole()
    {
        var (one, other) = (await OpenAsync(), await OpenAsync());
        using var listening = new Listening(one, "keys");
        await listening.StartedAsync();

        var expected = new string('ä', 100_000);
        await other.NotifyAsync("keys", expected, Cancelled);
        await other.NotifyAsync("keys", "after", Cancelled);

        await Eventually.TrueAsync(() => listening.Payloads.Length >= 2);
        Assert.Equal([expected, "after"], listening.Payloads);
    }

    [Fact]
    public async Task Listen_cancelled_ends_with_the_token()
    {
        var listening = new Listening(await OpenAsync(), "keys");
        await listening.StartedAsync();

        listening.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening.Ended);
    }

    private async Task<IMetadataDatabase> OpenAsync()
    {
        var database = await CreateAsync();
        _opened.Add(database);
        return database;
    }

    private async Task<IMetadataDatabase> OpenCountersAsync()
    {
        var database = await OpenAsync();
        await database.MigrateAsync("test", CounterTable, Cancelled);
        return database;
    }

    private static Task<long> AddAsync(DbConnection connection, DbTransaction transaction, long by) => connection.ExecuteScalarAsync<long>(
        "UPDATE counters SET value = value + @by WHERE name = 'c' RETURNING value", new { by }, transaction);

    private static async Task<long> ValueAsync(IMetadataDatabase database)
    {
        await using var connection = await database.OpenAsync(Cancelled);
        return await connection.ExecuteScalarAsync<long>("SELECT value FROM counters WHERE name = 'c'");
    }

    /// <summary>Collects what one listener yields.</summary>
    private sealed class Listening : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<string> _payloads = [];

        public Listening(IMetadataDatabase database, string channel) => Ended = Task.Run(async () =>
        {
            await foreach (var payload in database.ListenAsync(channel, _stop.Token))
            {
                lock (_payloads) _payloads.Add(payload);
            }
        });

        public Task Ended { get; }

        /// <summary>What came, the first and empty payload apart.</summary>
        public string[] Payloads
        {
            get
            {
                lock (_payloads) return [.. _payloads.Skip(1)];
            }
        }

        public Task StartedAsync() => Eventually.TrueAsync(() =>
        {
            lock (_payloads) return _payloads is [""];
        });

        public void Dispose() => _stop.Cancel();
    }
}
