using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Blocks;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts.Events;
using Millrace.Ports.ClickHouse;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>
/// ClickHouse forgets a deduplication token after so many inserts, here after two. A cut that is redone after that is still counted once, in the events and in every
/// rollup, before and after merges: the archiver looks rows up, and rests on tokens alone for nothing that may be old.
/// </summary>
[Collection(KilledClickHouseTests.Name)]
public sealed class WindowTests(KilledClickHouseFixture fixture)
{
    private const string Database = "narrow";
    private static readonly string[] All = ["events", "rollup_1m", "rollup_1h", "rollup_1d"];
    private static readonly (string Key, string Value) Schema = ("Schema:Database", Database);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redo_past_the_window_of_tokens_and_after_merges_counts_a_cut_once()
    {
        await MakeTablesAsync();
        await using var stores = await Stores.OpenAsync();
        await using (var first = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse, null, Schema))
        {
            await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 200));
            await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        }

        var probe = new StopAt(ArchiverStep.Stored, "clickhouse");
        var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse, probe, Schema);
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 200, from: 200));
        await probe.Reached;
        var stopped = archiver.DisposeAsync();
        probe.Release();
        await stopped;

        var other = "o" + stores.Tenant;
        await InsertAsync(other, 0);
        for (var i = 1; i <= 3; i++) await InsertAsync(other, i);
        await MergeAsync();
        // What the window is worth: the same insert under the same token counts again now.
        await InsertAsync(other, 0);
        Assert.Equal("5", await fixture.ScalarAsync($"SELECT toString(count()) FROM {Database}.events WHERE tenant = '{other}'"));

        await using var last = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse, null, Schema);
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        await HoldsAsync(stores, 400);
        await MergeAsync();
        await HoldsAsync(stores, 400);
    }

    [Fact]
    public async Task Kill_of_ClickHouse_between_an_insert_and_its_answer_counts_it_once_also_after_merges()
    {
        await MakeTablesAsync();
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await ClickHouseProxy.StartAsync(fixture.Locate);
        var kills = 0;
        proxy.Treat = statement => statement.StartsWith($"INSERT INTO {Database}_archiver.events_in", StringComparison.Ordinal)
            ? new ClickHouseProxy.Treatment(Answered: () => Interlocked.Increment(ref kills) <= 2 ? fixture.KillAsync() : Task.CompletedTask, Cut: Volatile.Read(ref kills) < 2)
            : ClickHouseProxy.Treatment.Pass;
        await using var archiver = await ArchiverInstance.StartAsync(stores, proxy, Schema, ("ClickHouse:Writers", "1"));
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 600));

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(60));
        Assert.True(kills >= 2);
        await HoldsAsync(stores, 600);
        await MergeAsync();
        await HoldsAsync(stores, 600);
    }

    private async Task MakeTablesAsync()
    {
        var options = Options.Create(new ArchiverOptions { Schema = new SchemaOptions { Database = Database }, SyncParts = false });
        var migrator = new SchemaMigrator(
            fixture.ClickHouse, new Tables(options.Value.Schema), options, TimeProvider.System, NullLogger<SchemaMigrator>.Instance);
        await migrator.RunAsync(Cancelled);
        foreach (var table in All)
            await fixture.ClickHouse.ExecuteAsync(new ClickHouseQuery($"ALTER TABLE {Database}.{table} MODIFY SETTING non_replicated_deduplication_window = 2"), Cancelled);
    }

    private async Task MergeAsync()
    {
        foreach (var table in All) await fixture.ClickHouse.ExecuteAsync(new ClickHouseQuery($"OPTIMIZE TABLE {Database}.{table} FINAL"), Cancelled);
    }

    private async Task HoldsAsync(Stores stores, int count)
    {
        var events = ArchivingTests.Events(stores.Tenant, count);
        Assert.Equal(
            [$"{count} {count}"], await fixture.RowsAsync($"SELECT count(), uniqExact(stream, id) FROM {Database}.events WHERE tenant = '{stores.Tenant}'"));
        foreach (var table in All[1..])
        {
            Assert.Equal(
                [$"{count} {events.Sum(e => e.Values.Count)} {events.Sum(e => e.Values.Values.Sum()).ToString(System.Globalization.CultureInfo.InvariantCulture)}"],
                await fixture.RowsAsync($"SELECT sum(count), sum(samples), sum(sum) FROM {Database}.{table} WHERE tenant = '{stores.Tenant}'"));
        }
    }

    private async Task InsertAsync(string tenant, int number)
    {
        using var block = new EventBlock(0);
        var entry = TestEvents.Entry(TestEvents.Of($"x{number}", tenant: tenant), number);
        Assert.True(EventView.TryParse(entry.Value.Span, out var view));
        block.Cover(entry);
        block.Add(view, entry, late: false);
        await fixture.ClickHouse.InsertAsync(
            new ClickHouseInsert($"{Database}_archiver.events_in", "Native")
            {
                Columns = [.. EventColumns.All.Select(column => column.Name)],
                DeduplicationToken = $"{tenant}-{number}",
                Settings = new Dictionary<string, string> { ["deduplicate_blocks_in_dependent_materialized_views"] = "1" },
            },
            (stream, cancel) => block.WriteToAsync(stream, (ulong)number + 1, TargetPlan.Everything, cancel),
            Cancelled);
    }
}
