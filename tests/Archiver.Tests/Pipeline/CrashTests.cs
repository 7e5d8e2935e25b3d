using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>An archiver that ends between any two steps leaves nothing lost and nothing doubled, and its cuts are redone as they were.</summary>
public sealed class CrashTests(ClickHouseFixture fixture)
{
    [Theory]
    [InlineData(nameof(ArchiverStep.Begun), "clickhouse", 0)]
    [InlineData(nameof(ArchiverStep.Begun), "clickhouse", 5)]
    [InlineData(nameof(ArchiverStep.Stored), "clickhouse", 0)]
    [InlineData(nameof(ArchiverStep.Stored), "clickhouse", 5)]
    [InlineData(nameof(ArchiverStep.Completed), "clickhouse", 2)]
    [InlineData(nameof(ArchiverStep.Begun), "objects", 0)]
    [InlineData(nameof(ArchiverStep.ObjectStored), "objects", 0)]
    [InlineData(nameof(ArchiverStep.ObjectStored), "objects", 7)]
    [InlineData(nameof(ArchiverStep.ObjectsStored), "objects", 0)]
    [InlineData(nameof(ArchiverStep.Stored), "objects", 3)]
    [InlineData(nameof(ArchiverStep.Completed), "objects", 2)]
    public async Task Archive_ended_at_a_step_and_started_again_has_each_event_once(string step, string sink, int after)
    {
        await using var stores = await Stores.OpenAsync();
        var good = ArchivingTests.Events(stores.Tenant, 1_200);
        var pending = await RunUntilAsync(stores, new StopAt(Enum.Parse<ArchiverStep>(step), sink, after), good);

        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        await stores.AppendAsync([.. ArchivingTests.Events(stores.Tenant, 300, from: 1_200)]);
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(60));

        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, 1_500));
        // What was begun was redone as it had been begun.
        var manifests = await stores.ManifestsAsync();
        foreach (var (lane, cut) in pending)
        {
            if (lane.Sink == "objects") Assert.Contains(ObjectsKey(lane, cut), manifests.Keys);
            else Assert.NotEqual("0", await fixture.ScalarAsync($"SELECT count() FROM millrace.events WHERE tenant = '{stores.Tenant}' AND cut = {cut.Id}"));
        }
    }

    [Fact]
    public async Task Archive_ended_many_times_has_each_event_once()
    {
        await using var stores = await Stores.OpenAsync();
        var count = 0;
        (ArchiverStep, string)[] ends =
        [
            (ArchiverStep.Stored, "clickhouse"), (ArchiverStep.ObjectStored, "objects"), (ArchiverStep.Begun, "clickhouse"),
            (ArchiverStep.Stored, "objects"), (ArchiverStep.Stored, "clickhouse"), (ArchiverStep.Completed, "clickhouse"),
        ];
        foreach (var (step, sink) in ends)
        {
            // Each time some of the last events come once more.
            var repeated = Math.Min(count, 50);
            await RunUntilAsync(stores, new StopAt(step, sink, count % 3), ArchivingTests.Events(stores.Tenant, 200 + repeated, count - repeated));
            count += 200;
        }

        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(60));
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, count));
    }

    /// <summary>Runs an archiver on events until it is stopped; answers with the cuts that it had begun and not completed.</summary>
    private async Task<List<(LaneId Lane, PendingCut Cut)>> RunUntilAsync(Stores stores, StopAt probe, List<Contracts.Protos.Event> events)
    {
        var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse, probe);
        foreach (var batch in events.Chunk(100))
        {
            await stores.AppendAsync(batch);
            // So that there are several cuts.
            await Task.WhenAny(probe.Reached, stores.WaitForSomeAsync("objects"));
        }

        await probe.Reached.WaitAsync(TimeSpan.FromSeconds(60));
        var stopped = archiver.DisposeAsync();
        probe.Release();
        await stopped;
        return await PendingAsync(stores);
    }

    private static async Task<List<(LaneId Lane, PendingCut Cut)>> PendingAsync(Stores stores)
    {
        var topic = await stores.Log.DescribeAsync(Topics.Events, CancellationToken.None);
        var progress = stores.Progress;
        var pending = new List<(LaneId, PendingCut)>();
        foreach (var partition in topic.Partitions)
        {
            foreach (var sink in (string[])["clickhouse", "objects"])
            {
                var lane = new LaneId(sink, Topics.Events, partition.Partition, topic.Epoch);
                if ((await progress.ClaimAsync([lane], CancellationToken.None))[0].Progress.Pending is { } cut) pending.Add((lane, cut));
            }
        }

        return pending;
    }

    private static string ObjectsKey(LaneId lane, PendingCut cut) => Archiver.Objects.ObjectKeys.Manifest(lane, cut, beside: false);
}
