using Millrace.Databases;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Ledger;
using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

public abstract class LedgerAndAuditTests(MetadataUnderTest database) : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private IMetadataDatabase _database = null!;
    private LedgerStore _ledger = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await database.OpenAsync(_directory.Path);
        await HostingSchema.EnsureAsync(_database, Cancelled);
        _ledger = new LedgerStore(_database);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is IAsyncDisposable disposable) await disposable.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Load_nothing_stored_has_no_offset()
    {
        var state = await _ledger.LoadAsync("intake", "events", 0, Cancelled);

        Assert.Null(state.Upto);
        Assert.Empty(state.Counts);
        Assert.Empty(await _ledger.UptoAsync("intake", "events", Cancelled));
        Assert.Equal(default, await _ledger.ReadAsync("acme", Cancelled));
    }

    [Fact]
    public async Task Save_then_load_gives_it_back()
    {
        Assert.True(await SaveAsync("aggregator", 1, 40, ("acme", new() { Aggregated = 7, Late = 2, Duplicate = 1 }), ("globex", new() { Aggregated = 3 })));

        var state = await _ledger.LoadAsync("aggregator", "events", 1, Cancelled);

        Assert.Equal(40, state.Upto);
        Assert.Equal(new LedgerCounts { Aggregated = 7, Late = 2, Duplicate = 1 }, state.Counts["acme"]);
        Assert.Equal(new LedgerCounts { Aggregated = 3 }, state.Counts["globex"]);
        Assert.Null((await _ledger.LoadAsync("aggregator", "events", 0, Cancelled)).Upto);
    }

    [Fact]
    public async Task Save_never_goes_back_and_keeps_absent_tenants()
    {
        await SaveAsync("intake", 0, 40, ("acme", new() { Received = 7 }), ("globex", new() { Received = 3 }));

        Assert.False(await SaveAsync("intake", 0, 39, ("acme", new() { Received = 6 })));
        Assert.True(await SaveAsync("intake", 0, 40, ("acme", new() { Received = 7 })));
        Assert.True(await SaveAsync("intake", 0, 50, ("acme", new() { Received = 9 })));
        Assert.True(await SaveAsync("intake", 0, 51));

        var state = await _ledger.LoadAsync("intake", "events", 0, Cancelled);
        Assert.Equal((51, 9, 3), (state.Upto, state.Counts["acme"].Received, state.Counts["globex"].Received));
    }

    [Fact]
    public async Task Save_in_a_transaction_that_fails_stores_nothing()
    {
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => _database.InTransactionAsync<bool>(
            async (connection, transaction, token) =>
            {
                var counts = new Dictionary<string, LedgerCounts> { ["acme"] = new() { Received = 1 } };
                await LedgerStore.SaveAsync(connection, transaction, "intake", "events", 0, 1, counts, token);
                throw new InvalidTimeZoneException();
            },
            Cancelled));

        Assert.Null((await _ledger.LoadAsync("intake", "events", 0, Cancelled)).Upto);
    }

    [Fact]
    public async Task Read_sums_a_tenant_over_stages_topics_and_partitions()
    {
        await SaveAsync("intake", 0, 10, ("acme", new() { Received = 8 }), ("globex", new() { Received = 2 }));
        await SaveAsync("intake", 3, 10, ("acme", new() { Received = 2, Rejected = 1, DeadLettered = 1 }));
        await SaveAsync("aggregator", 0, 10, ("acme", new() { Aggregated = 5, Late = 3, Duplicate = 1 }));
        await SaveAsync(LedgerStages.ClickHouse, 0, 10, ("acme", new() { Archived = 9 }));
        await SaveAsync(LedgerStages.Objects, 0, 10, ("acme", new() { Archived = 8 }));

        Assert.Equal(
            new LedgerCounts { Received = 10, Rejected = 1, DeadLettered = 1, Aggregated = 5, Late = 3, Duplicate = 1, Archived = 8 },
            await _ledger.ReadAsync("acme", Cancelled));
        Assert.Equal(new Dictionary<int, long> { [0] = 10, [3] = 10 }, await _ledger.UptoAsync("intake", "events", Cancelled));
    }

    [Fact]
    public async Task Audit_pages_from_the_newest_and_keeps_tenants_apart()
    {
        var audit = new AuditLog(_database, _time);
        for (var i = 0; i < 5; i++)
        {
            await audit.WriteAsync("acme", "user:ann", "rule.create", $"r{i}", i == 4 ? new string('d', 5000) : null, Cancelled);
            await audit.WriteAsync("globex", "user:bob", "rule.delete", $"r{i}", null, Cancelled);
            _time.Advance(TimeSpan.FromMilliseconds(5));
        }

        var first = await audit.ReadAsync("acme", null, 3, Cancelled);
        var second = await audit.ReadAsync("acme", first[^1].Id, 3, Cancelled);

        Assert.Equal(["r4", "r3", "r2", "r1", "r0"], first.Concat(second).Select(entry => entry.Subject));
        Assert.Equal(AuditLog.DetailLength, first[0].Detail!.Length);
        Assert.Equal(("acme", "user:ann", "rule.create"), (first[0].Tenant, first[0].Actor, first[0].Action));
        Assert.Equal(_time.GetUtcNow().AddMilliseconds(-5), first[0].At);
    }

    private Task<bool> SaveAsync(string stage, int partition, long upto, params (string Tenant, LedgerCounts Counts)[] counts) =>
        _ledger.SaveAsync(stage, "events", partition, upto, counts.ToDictionary(entry => entry.Tenant, entry => entry.Counts), Cancelled);
}

public sealed class LedgerAndAuditOnSqliteTests() : LedgerAndAuditTests(new OnSqlite());

public sealed class LedgerAndAuditOnPostgresTests(PostgresFixture postgres) : LedgerAndAuditTests(new OnPostgres(postgres));
