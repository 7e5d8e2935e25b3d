using Millrace.Archiver.Tests.Pipeline;
using Millrace.Archiver.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Replays;

/// <summary>What a replay puts in place is what was there before somebody damaged it, and nothing is doubled on the way.</summary>
[Collection(KilledClickHouseTests.Name)]
public sealed class ReplayRepairTests(KilledClickHouseFixture fixture) : ReplayTestBase(fixture)
{
    [Fact]
    public async Task Rollups_that_were_damaged_are_rebuilt_while_events_keep_coming()
    {
        await using var stores = await Stores.OpenAsync();
        await using var archiver = await ArchiverInstance.StartAsync(stores, Fixture.ClickHouse);
        await ArchiveAsync(stores, ArchivingTests.Events(stores.Tenant, 400));
        var other = ArchivingTests.Events("o" + stores.Tenant, 100);
        await ArchiveAsync(stores, other);
        var before = await RollupsAsync("o" + stores.Tenant);
        await DamageAsync(stores);

        // Late ones among them, so that the same days change while they are rebuilt.
        var coming = Task.Run(async () =>
        {
            for (var i = 400; i < 600; i += 50) await stores.AppendAsync([.. ArchivingTests.Events(stores.Tenant, 50, i)]);
        }, Cancelled);
        var replay = await ReplayAsync(archiver, stores, Rollups);
        Assert.Equal("done", Text(replay, "state"));
        Assert.Equal("2026-07-02T00:00:00.000Z", Text(replay, "to"));
        await coming;
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(60));

        await HoldsAsync(stores, ArchivingTests.Events(stores.Tenant, 600));
        Assert.Equal(before, await RollupsAsync("o" + stores.Tenant));
        Assert.Equal(replay.GetProperty("objects").GetProperty("total").GetInt64(), replay.GetProperty("objects").GetProperty("done").GetInt64());
        Assert.Empty(await Fixture.RowsAsync("SELECT name FROM system.databases WHERE name LIKE 'millrace\\_replay\\_%'"));

        // Once more changes nothing.
        Assert.Equal("done", Text(await ReplayAsync(archiver, stores, Rollups), "state"));
        await HoldsAsync(stores, ArchivingTests.Events(stores.Tenant, 600));
    }

    [Theory]
    [InlineData("events_in")]
    [InlineData("REPLACE PARTITION")]
    public async Task Replay_that_was_broken_off_goes_on_and_doubles_nothing(string loses)
    {
        await using var stores = await Stores.OpenAsync();
        var clickHouse = new FailingClickHouse(Fixture.ClickHouse);
        var good = ArchivingTests.Events(stores.Tenant, 800);
        await using (var first = await ArchiverInstance.StartAsync(stores, clickHouse))
        {
            await ArchiveAsync(stores, good);
            await DamageAsync(stores);
            clickHouse.Loses = loses;
            await PostAsync(first, stores, Rollups);
            await Eventually.TrueAsync(() => clickHouse.Lost == 1);
        }

        await using var second = await ArchiverInstance.StartAsync(stores, Fixture.ClickHouse);
        var replay = await EndAsync(second, stores, Assert.Single(await ListAsync(second, stores)));
        Assert.Equal("done", Text(replay, "state"));
        await HoldsAsync(stores, good);
        // What comes afterwards goes its way again.
        await ArchiveAsync(stores, ArchivingTests.Events(stores.Tenant, 100, 800));
        await HoldsAsync(stores, ArchivingTests.Events(stores.Tenant, 900));
    }

    [Fact]
    public async Task Damaged_object_fails_the_replay_by_name_and_nothing_is_changed()
    {
        await using var stores = await Stores.OpenAsync();
        await using var archiver = await ArchiverInstance.StartAsync(stores, Fixture.ClickHouse);
        await ArchiveAsync(stores, ArchivingTests.Events(stores.Tenant, 300));
        await DamageAsync(stores);
        var before = await RollupsAsync(stores.Tenant);
        var path = Directory.GetFiles(stores.ObjectsPath, "*.ndjson.gz", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        var bytes = await File.ReadAllBytesAsync(path, Cancelled);
        bytes[bytes.Length / 2] ^= 4;
        await File.WriteAllBytesAsync(path, bytes, Cancelled);

        var replay = await ReplayAsync(archiver, stores, Rollups);
        Assert.Equal("failed", Text(replay, "state"));
        Assert.Contains(System.IO.Path.GetFileName(path), Text(replay, "error"), StringComparison.Ordinal);
        Assert.Contains("is damaged: its SHA-256 is", Text(replay, "error"), StringComparison.Ordinal);
        Assert.Equal(before, await RollupsAsync(stores.Tenant));
    }
}
