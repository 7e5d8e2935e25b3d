using Millrace.Archiver.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>ClickHouse away, broken off or killed: events wait, nothing is lost, nothing is doubled.</summary>
[Collection(KilledClickHouseTests.Name)]
public sealed class OutageTests(KilledClickHouseFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Archive_without_ClickHouse_goes_on_with_objects_and_catches_up()
    {
        await using var stores = await Stores.OpenAsync();
        var (door, clickHouse) = fixture.OpenDoor();
        await using var _ = door;
        door.Shut();
        await using var archiver = await ArchiverInstance.StartAsync(stores, clickHouse);
        var good = ArchivingTests.Events(stores.Tenant, 1_000);
        await stores.AppendAsync(good);

        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("objects") == 1_000);
        using (var client = archiver.Client(stores.Tenant))
        {
            var health = await (await client.GetAsync("/health")).Content.ReadAsStringAsync();
            Assert.Contains("ClickHouse does not answer", health, StringComparison.Ordinal);
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready")).StatusCode);
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/api/v1/events?stream=stream-1")).StatusCode);
        }

        Assert.Equal(0, await stores.ArchivedAsync("clickhouse"));
        Assert.False(await stores.IsDrainedAsync());

        door.Open();
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        await Expectation.HoldsAsync(fixture, stores, good);
        using var again = archiver.Client(stores.Tenant);
        await Eventually.TrueAsync(async () => (await again.GetAsync("/health/ready")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Archive_with_a_full_buffer_and_ClickHouse_away_goes_on_with_objects_and_catches_up()
    {
        await using var stores = await Stores.OpenAsync();
        var (door, clickHouse) = fixture.OpenDoor();
        await using var _ = door;
        door.Shut();
        await using var archiver = await ArchiverInstance.StartAsync(
            stores, clickHouse, null, ("ClickHouse:BufferBytes", "50000"), ("ClickHouse:MaxBytes", "10000"), ("ClickHouse:MaxRows", "100"));
        var good = ArchivingTests.Events(stores.Tenant, 3_000);
        foreach (var batch in good.Chunk(500)) await stores.AppendAsync(batch);

        // Some 100 bytes an event: about 500 fit.
        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("objects") == 3_000);
        Assert.Equal(0, await stores.ArchivedAsync("clickhouse"));

        door.Open();
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, good);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(3_000)]
    [InlineData(30_000)]
    [InlineData(90_000)]
    public async Task Archive_with_connections_broken_in_the_middle_has_each_event_once(int bytes)
    {
        await using var stores = await Stores.OpenAsync();
        var (door, clickHouse) = fixture.OpenDoor();
        await using var _ = door;
        await using var archiver = await ArchiverInstance.StartAsync(stores, clickHouse);
        var good = ArchivingTests.Events(stores.Tenant, 3_000);
        foreach (var batch in good.Chunk(1_000))
        {
            door.BreakAfter(bytes);
            await stores.AppendAsync(batch);
            await stores.WaitForSomeAsync("clickhouse");
        }

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, good);
    }

    [Fact]
    public async Task Archive_with_ClickHouse_killed_again_and_again_has_each_event_once()
    {
        await using var stores = await Stores.OpenAsync();
        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        var good = ArchivingTests.Events(stores.Tenant, 24_000);
        using var done = new CancellationTokenSource();
        var killing = Task.Run(async () =>
        {
            // Whenever something was stored, at another moment of what comes next.
            for (var i = 0; i < 5 && !done.IsCancellationRequested; i++)
            {
                await stores.WaitForSomeAsync("clickhouse");
                await Task.Delay(i * 7, CancellationToken.None);
                await fixture.KillAsync();
            }
        });

        foreach (var batch in good.Chunk(1_000))
        {
            await stores.AppendAsync(batch);
            await Task.WhenAny(killing, stores.WaitForSomeAsync("objects"));
        }

        await done.CancelAsync();
        await Task.WhenAny(killing, Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience));
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, good);
    }
}
