using System.Data.Common;
using Dapper;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.Postgres.Tests;

/// <summary>A server of its own that is stopped and killed while it is used.</summary>
public sealed class RestartTests : IAsyncLifetime
{
    private static readonly Migration[] Table = [new(1, "table", "CREATE TABLE notes (id bigint PRIMARY KEY);")];
    private PostgresServer _server = null!;
    private PostgresMetadataDatabase _database = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.StartAsync(durable: true, Cancelled);
        _database = Databases.Open(await _server.CreateDatabaseAsync(Cancelled));
        await _database.MigrateAsync("test", Table, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Fact]
    public async Task Server_restarted_under_use_serves_on_and_every_answer_was_true()
    {
        await using var load = new Load(_database);
        await load.HasWrittenAsync(100);

        await _server.StopAsync(Cancelled);
        var refused = load.Refused;
        await Eventually.TrueAsync(() => load.Refused > refused);
        await _server.StartAgainAsync(Cancelled);

        await load.HasWrittenAsync(load.Written.Count + 100);
        var written = await load.StopAsync();
        Assert.Equal(written, await NotesAsync());
    }

    [Fact]
    public async Task Server_killed_while_many_commit_loses_and_doubles_nothing()
    {
        await using var load = new Load(_database);
        for (var i = 1; i <= 3; i++)
        {
            await load.HasWrittenAsync(load.Written.Count + 100);
            await _server.KillAsync(Cancelled);
            await _server.StartAgainAsync(Cancelled);
        }

        await load.HasWrittenAsync(load.Written.Count + 100);
        var written = await load.StopAsync();
        Assert.Equal(written, await NotesAsync());
    }

    [Fact]
    public async Task First_use_after_a_restart_works()
    {
        Assert.Empty(await NotesAsync());
        await _server.StopAsync(Cancelled);
        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => _database.OpenAsync(Cancelled).AsTask());
        Assert.True(error.Retryable);
        error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => _database.InTransactionAsync((_, _, _) => Task.FromResult(0), Cancelled));
        Assert.True(error.Retryable);
        await _server.StartAgainAsync(Cancelled);

        Assert.Empty(await NotesAsync());
        Assert.Equal(1, await _database.InTransactionAsync((c, t, _) => c.ExecuteAsync("INSERT INTO notes (id) VALUES (1)", transaction: t), Cancelled));
    }

    [Fact]
    public async Task Listener_is_told_after_a_restart_that_anything_may_have_changed_and_hears_again()
    {
        await using var payloads = _database.ListenAsync("keys", Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.Equal("", await NextAsync(payloads));
        await _database.NotifyAsync("keys", "before", Cancelled);
        Assert.Equal("before", await NextAsync(payloads));

        await _server.KillAsync(Cancelled);
        await _server.StartAgainAsync(Cancelled);

        Assert.Equal("", await NextAsync(payloads));
        await _database.NotifyAsync("keys", "after", Cancelled);
        Assert.Equal("after", await NextAsync(payloads));
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<string> payloads)
    {
        Assert.True(await payloads.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
        return payloads.Current;
    }

    private async Task<IReadOnlyList<long>> NotesAsync()
    {
        await using var connection = await _database.OpenAsync(Cancelled);
        return (await connection.QueryAsync<long>("SELECT id FROM notes ORDER BY id")).AsList();
    }

    /// <summary>Writers that each write one number after the other and go on when they are refused. What is refused was not written.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private const int Writers = 8;
        private readonly CancellationTokenSource _stop = new();
        private readonly HashSet<long> _written = [];
        private readonly Task _running;
        private long _next;
        private int _refused;

        public Load(IMetadataDatabase database) =>
            _running = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() => WriteAsync(database))));

        public int Refused => Volatile.Read(ref _refused);

        public IReadOnlyList<long> Written
        {
            get
            {
                lock (_written) return [.. _written.Order()];
            }
        }

        public Task HasWrittenAsync(int count) => Eventually.TrueAsync(() => Written.Count >= count || _running.IsFaulted, TimeSpan.FromSeconds(60));

        public async Task<IReadOnlyList<long>> StopAsync()
        {
            await _stop.CancelAsync();
            await _running;
            return Written;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private async Task WriteAsync(IMetadataDatabase database)
        {
            while (!_stop.IsCancellationRequested)
            {
                var id = Interlocked.Increment(ref _next);
                try
                {
                    await database.InTransactionAsync(
                        (c, t, _) => c.ExecuteAsync("INSERT INTO notes (id) VALUES (@id)", new { id }, t), CancellationToken.None);
                    lock (_written) _written.Add(id);
                }
                catch (Exception e) when (e is DbException { IsTransient: true } or MetadataDatabaseException { Retryable: true })
                {
                    Interlocked.Increment(ref _refused);
                    await Task.Yield();
                }
            }
        }
    }
}
