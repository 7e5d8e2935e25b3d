using System.Runtime.Versioning;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Ports.Metadata;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.Sqlite.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class SqliteTests : IDisposable
{
    private static readonly Migration[] Table = [new(1, "table", "CREATE TABLE t (id integer PRIMARY KEY, note text);")];
    private readonly TempDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Open_file_missing_makes_it_readable_by_the_owner_only()
    {
        await using var database = Create(_directory.File("deep", "er", "metadata.db"));
        await database.MigrateAsync("test", Table, Cancelled);

        foreach (var file in Directory.GetFiles(_directory.File("deep", "er")))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Open_reader_cannot_write()
    {
        await using var database = await CreateTableAsync();
        await using var connection = await database.OpenAsync(Cancelled);

        await Assert.ThrowsAsync<SqliteException>(() => connection.ExecuteAsync("INSERT INTO t (note) VALUES ('x')"));
    }

    [Fact]
    public async Task Open_writer_is_durable_and_uses_the_write_ahead_log()
    {
        await using var database = await CreateTableAsync();

        var (journal, synchronous, keys) = await database.InTransactionAsync(
            async (c, t, _) => (
                await c.ExecuteScalarAsync<string>("PRAGMA journal_mode", transaction: t),
                await c.ExecuteScalarAsync<long>("PRAGMA synchronous", transaction: t),
                await c.ExecuteScalarAsync<long>("PRAGMA foreign_keys", transaction: t)),
            Cancelled);

        Assert.Equal(("wal", 2, 1), (journal, synchronous, keys));
    }

    [Fact]
    public async Task Open_file_is_no_database_says_which_file()
    {
        await File.WriteAllTextAsync(_directory.File("metadata.db"), new string('x', 5000), Cancelled);
        await using var database = Create();

        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.OpenAsync(Cancelled).AsTask());

        Assert.Contains(_directory.File("metadata.db"), error.Message, StringComparison.Ordinal);
        Assert.Contains("not a database", error.Message, StringComparison.Ordinal);
        Assert.False(error.Retryable);
    }

    [Fact]
    public async Task Open_read_only_beside_the_writer_reads_and_listens_but_never_writes()
    {
        await using var writer = await CreateTableAsync();
        await using var reader = Create(readOnly: true);

        await writer.InTransactionAsync((c, t, _) => c.ExecuteAsync("INSERT INTO t (note) VALUES ('x')", transaction: t), Cancelled);
        await using (var connection = await reader.OpenAsync(Cancelled))
            Assert.Equal(1, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM t"));

        await using var payloads = reader.ListenAsync("keys", Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await payloads.MoveNextAsync());
        Assert.Equal("", payloads.Current);
        await writer.NotifyAsync("keys", "a", Cancelled);
        Assert.True(await payloads.MoveNextAsync());
        Assert.Equal("a", payloads.Current);

        await Assert.ThrowsAsync<InvalidOperationException>(() => reader.InTransactionAsync((_, _, _) => Task.FromResult(0), Cancelled));
        await Assert.ThrowsAsync<InvalidOperationException>(() => reader.MigrateAsync("test", Table, Cancelled));
        await Assert.ThrowsAsync<InvalidOperationException>(() => reader.NotifyAsync("keys", "b", Cancelled).AsTask());
    }

    [Fact]
    public async Task Open_read_only_after_the_writer_has_closed_reads()
    {
        await using (var writer = await CreateTableAsync())
            await writer.InTransactionAsync((c, t, _) => c.ExecuteAsync("INSERT INTO t (note) VALUES ('x')", transaction: t), Cancelled);
        await using var reader = Create(readOnly: true);

        await using var connection = await reader.OpenAsync(Cancelled);

        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task Open_read_only_and_missing_says_so()
    {
        await using var reader = Create(readOnly: true);

        await Assert.ThrowsAsync<MetadataDatabaseException>(() => reader.OpenAsync(Cancelled).AsTask());
    }

    [Fact]
    public async Task InTransaction_file_locked_by_another_process_fails_as_retryable_and_recovers()
    {
        await using var database = Create(busyTimeout: TimeSpan.FromSeconds(1));
        await database.MigrateAsync("test", Table, Cancelled);
        await using var stranger = new SqliteConnection($"Data Source={_directory.File("metadata.db")};Pooling=False");
        await stranger.OpenAsync(Cancelled);
        await using (var held = stranger.BeginTransaction(deferred: false))
        {
            var error = await Assert.ThrowsAsync<MetadataDatabaseException>(
                () => database.InTransactionAsync((_, _, _) => Task.FromResult(0), Cancelled));
            Assert.True(error.Retryable);
        }

        Assert.Equal(7, await database.InTransactionAsync((_, _, _) => Task.FromResult(7), Cancelled));
    }

    [Fact]
    public async Task InTransaction_process_killed_in_the_middle_keeps_what_was_committed()
    {
        await using (var database = await CreateTableAsync())
        {
            await database.InTransactionAsync((c, t, _) => c.ExecuteAsync("INSERT INTO t (note) VALUES ('kept')", transaction: t), Cancelled);
            await database.InTransactionAsync(
                async (c, t, _) =>
                {
                    await c.ExecuteAsync("INSERT INTO t (note) VALUES ('lost')", transaction: t);
                    // What a killed process leaves: the files as they are in the middle of a transaction.
                    foreach (var suffix in new[] { "", "-wal", "-shm" })
                        File.Copy(_directory.File("metadata.db" + suffix), _directory.File("killed.db" + suffix));
                    return 0;
                },
                Cancelled);
        }

        await using var revived = Create(_directory.File("killed.db"));
        await using var connection = await revived.OpenAsync(Cancelled);

        Assert.Equal(["kept"], await connection.QueryAsync<string>("SELECT note FROM t"));
    }

    [Fact]
    public async Task Listen_away_for_so_long_that_rows_are_gone_is_told_that_anything_may_have_changed()
    {
        var time = new ManualTimeProvider();
        await using var database = Create(time: time);
        await using var payloads = database.ListenAsync("keys", Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await payloads.MoveNextAsync());

        await database.NotifyAsync("keys", "missed", Cancelled);
        time.Advance(TimeSpan.FromMinutes(11));
        await database.NotifyAsync("keys", "also missed", Cancelled);

        Assert.True(await payloads.MoveNextAsync());
        Assert.Equal("", payloads.Current);
    }

    [Fact]
    public async Task Listen_nobody_does_nothing_is_polled()
    {
        var time = new ManualTimeProvider();
        await using var database = Create(time: time);
        await database.MigrateAsync("test", Table, Cancelled);
        Assert.Equal(0, time.ActiveTimers);

        await using (var payloads = database.ListenAsync("keys", Cancelled).GetAsyncEnumerator(Cancelled))
        {
            await payloads.MoveNextAsync();
            await Eventually.TrueAsync(() => time.ActiveTimers == 1);
        }

        await Eventually.TrueAsync(() => time.ActiveTimers == 0);
    }

    [Fact]
    public void Options_defaults_are_valid() =>
        Assert.True(new SqliteOptionsValidator().Validate(null, new SqliteOptions()).Succeeded);

    [Fact]
    public void Options_wrong_settings_are_all_named()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Metadata:File"] = "",
            ["Millrace:Metadata:BusyTimeout"] = "00:00:00",
            ["Millrace:Metadata:PollInterval"] = "00:00:01",
            ["Millrace:Metadata:Fiel"] = "x",
        }).Build();
        using var services = new ServiceCollection().AddSqliteAdapter(configuration).BuildServiceProvider();

        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<SqliteOptions>>().Value);

        Assert.Equal(
            [
                "BusyTimeout: The field SqliteOptions.BusyTimeout must be between 00:00:01 and 00:10:00.",
                "File: The SqliteOptions.File field is required.",
                "Millrace:Metadata:Fiel is not a setting; did you mean 'File'?",
                "PollInterval: The field SqliteOptions.PollInterval must be between 00:00:00.0100000 and 00:00:00.5000000.",
            ],
            error.Failures.SelectMany(failure => failure.Split("; ", 1)).Order(StringComparer.Ordinal));
    }

    private async Task<SqliteMetadataDatabase> CreateTableAsync()
    {
        var database = Create();
        await database.MigrateAsync("test", Table, Cancelled);
        return database;
    }

    private SqliteMetadataDatabase Create(
        string? file = null, bool readOnly = false, TimeSpan? busyTimeout = null, TimeProvider? time = null) => new(
        Options.Create(new SqliteOptions
        {
            File = file ?? _directory.File("metadata.db"),
            ReadOnly = readOnly,
            BusyTimeout = busyTimeout ?? TimeSpan.FromSeconds(30),
        }),
        time ?? TimeProvider.System,
        NullLogger<SqliteMetadataDatabase>.Instance);
}
