using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Tests.Support;
using Millrace.Databases;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>Partitions go from one instance to another, with and without a word: each event is archived once, and no two cuts overlap.</summary>
public abstract class HandoverTests(ClickHouseFixture fixture, MetadataUnderTest metadata)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Archive_by_two_instances_with_partitions_going_to_and_fro_has_each_event_once()
    {
        await using var stores = await Stores.OpenAsync(metadata);
        var group = new SplitLog(stores.Log);
        SplitLog.Member[] members = [group.Join(), group.Join()];
        await using var first = await ArchiverInstance.StartAsync(stores, members[0], fixture.ClickHouse);
        await using var second = await ArchiverInstance.StartAsync(stores, members[1], fixture.ClickHouse);
        var owner = new int[4];
        for (var partition = 0; partition < owner.Length; partition++) await members[owner[partition] = partition % 2].GiveAsync(partition);
        var good = ArchivingTests.Events(stores.Tenant, 6_000);

        var round = 0;
        foreach (var batch in good.Chunk(300))
        {
            await stores.AppendAsync(batch);
            // Ids from before come again: whoever has the partition now must know them.
            await stores.AppendAsync(good.Take(round * 300).Where((_, i) => i % 37 == 0).ToList());
            var partition = round++ % owner.Length;
            await members[owner[partition]].TakeAsync(partition);
            owner[partition] = 1 - owner[partition];
            await members[owner[partition]].GiveAsync(partition);
        }

        await Eventually.TrueAsync(group.IsDrainedAsync, Patience);
        await Expectation.HoldsAsync(fixture, stores, good);
    }

    [Theory]
    [InlineData(nameof(ArchiverStep.Begun), "clickhouse")]
    [InlineData(nameof(ArchiverStep.Stored), "clickhouse")]
    [InlineData(nameof(ArchiverStep.Completed), "clickhouse")]
    [InlineData(nameof(ArchiverStep.Begun), "objects")]
    [InlineData(nameof(ArchiverStep.ObjectStored), "objects")]
    [InlineData(nameof(ArchiverStep.ObjectsStored), "objects")]
    [InlineData(nameof(ArchiverStep.Stored), "objects")]
    public async Task Archive_by_an_instance_that_missed_its_end_changes_nothing(string step, string sink)
    {
        await using var stores = await Stores.OpenAsync(metadata);
        var group = new SplitLog(stores.Log);
        var (old, successor) = (group.Join(), group.Join());
        var hold = new HoldAt(Enum.Parse<ArchiverStep>(step), sink);
        await using var zombie = await ArchiverInstance.StartAsync(stores, old, fixture.ClickHouse, hold);
        for (var partition = 0; partition < 4; partition++) await old.GiveAsync(partition);
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 1_000));
        await hold.Reached.WaitAsync(Patience);

        await using var archiver = await ArchiverInstance.StartAsync(stores, successor, fixture.ClickHouse);
        for (var partition = 0; partition < 4; partition++) await successor.GiveAsync(partition);
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 600, from: 900));
        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("objects") == 1_500 && await stores.ArchivedAsync("clickhouse") == 1_500, Patience);
        var manifests = (await stores.ManifestsAsync()).Keys;

        // It goes on where it stood, reads on, and learns only then that it is out.
        hold.Release();
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 300, from: 1_500));
        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("objects") == 1_800 && await stores.ArchivedAsync("clickhouse") == 1_800, Patience);
        for (var partition = 0; partition < 4; partition++) await old.TakeAsync(partition);
        await zombie.DisposeAsync();

        await Eventually.TrueAsync(group.IsDrainedAsync, Patience);
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, 1_800));
        Assert.Superset(manifests.ToHashSet(), (await stores.ManifestsAsync()).Keys.ToHashSet());
    }

    [Fact]
    public async Task Archive_by_an_instance_whose_insert_arrives_after_its_successors_counts_it_once()
    {
        await using var stores = await Stores.OpenAsync(metadata);
        await using var proxy = await ClickHouseProxy.StartAsync(fixture.Locate);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Treat = statement =>
        {
            if (!statement.StartsWith("INSERT INTO millrace_archiver.events_in", StringComparison.Ordinal)) return ClickHouseProxy.Treatment.Pass;
            arrived.TrySetResult();
            return new ClickHouseProxy.Treatment(Before: late.Task);
        };
        var group = new SplitLog(stores.Log);
        var (old, successor) = (group.Join(), group.Join());
        await using var zombie = await ArchiverInstance.StartAsync(stores, old, proxy.Connect());
        for (var partition = 0; partition < 4; partition++) await old.GiveAsync(partition);
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 1_000));
        await arrived.Task.WaitAsync(Patience);

        await using var archiver = await ArchiverInstance.StartAsync(stores, successor, fixture.ClickHouse);
        for (var partition = 0; partition < 4; partition++) await successor.GiveAsync(partition);
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 500, from: 1_000));
        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("clickhouse") == 1_500, Patience);
        late.SetResult();
        for (var partition = 0; partition < 4; partition++) await old.TakeAsync(partition);

        await Eventually.TrueAsync(group.IsDrainedAsync, Patience);
        await zombie.DisposeAsync();
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, 1_500));
    }
}

public sealed class HandoverOnSqliteTests(ClickHouseFixture fixture) : HandoverTests(fixture, new OnSqlite());

public sealed class HandoverOnPostgresTests(ClickHouseFixture fixture, PostgresFixture postgres) : HandoverTests(fixture, new OnPostgres(postgres));
