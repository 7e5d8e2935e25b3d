using Millrace.Archiver.Blocks;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Archiver.Tests.Pipeline;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Ports.ClickHouse;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.ClickHouse;

/// <summary>
/// An insert that was killed may have reached any of the four tables, and ClickHouse may have noted its token for a table without having
/// published the rows. The archiver finds out and writes what is missing.
/// </summary>
public sealed class RepairTests(ClickHouseFixture fixture)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(6)]
    [InlineData(13)]
    [InlineData(15)]
    public async Task Redo_after_a_kill_that_reached_some_tables_completes_the_others(int reached)
    {
        await using var stores = await Stores.OpenAsync();
        var good = await BeginAsync(stores, (block, token, id) => InsertAsync(block, token, id, (Target)reached));

        await FinishAsync(stores, good);
    }

    [Theory]
    [InlineData("events")]
    [InlineData("rollup_1m")]
    [InlineData("rollup_1d")]
    [InlineData("events", "rollup_1m", "rollup_1h", "rollup_1d")]
    public async Task Redo_after_a_kill_that_left_tokens_without_rows_writes_them(params string[] lost)
    {
        await using var stores = await Stores.OpenAsync();
        var good = await BeginAsync(stores, async (block, token, id) =>
        {
            await InsertAsync(block, token, id, Target.All);
            foreach (var table in lost)
            {
                // A mutation takes the rows and leaves the token.
                await fixture.ClickHouse.ExecuteAsync(
                    new ClickHouseQuery($"ALTER TABLE millrace.{table} DELETE WHERE cut = {id} SETTINGS mutations_sync = 2"), CancellationToken.None);
            }
        });

        await FinishAsync(stores, good);
    }

    /// <summary>Has an archiver begin its cuts and end, then does what a killed insert may have done to each.</summary>
    private async Task<List<Contracts.Protos.Event>> BeginAsync(Stores stores, Func<EventBlock, string, ulong, Task> killedInsert)
    {
        var probe = new StopAt(ArchiverStep.Begun, "clickhouse");
        var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse, probe);
        var good = ArchivingTests.Events(stores.Tenant, 400);
        await stores.AppendAsync(good);
        await probe.Reached;
        var stopped = archiver.DisposeAsync();
        probe.Release();
        await stopped;

        var topic = await stores.Log.DescribeAsync(Topics.Events, CancellationToken.None);
        var progress = stores.Progress;
        var begun = 0;
        foreach (var partition in topic.Partitions)
        {
            var lane = new LaneId("clickhouse", Topics.Events, partition.Partition, topic.Epoch);
            if ((await progress.ClaimAsync([lane], CancellationToken.None))[0].Progress.Pending is not { } cut) continue;
            using var block = await ReadAsync(stores, partition.Partition, cut);
            await killedInsert(block, ClickHouseSink.TokenOf(lane, cut), cut.Id);
            begun++;
        }

        Assert.NotEqual(0, begun);
        return good;
    }

    private async Task FinishAsync(Stores stores, List<Contracts.Protos.Event> good)
    {
        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        await Expectation.HoldsAsync(fixture, stores, good);
    }

    private static async Task<EventBlock> ReadAsync(Stores stores, int partition, PendingCut cut)
    {
        var block = new EventBlock(partition);
        await using var consumer = await stores.Log.OpenConsumerAsync(
            Topics.Events, new LogConsumerOptions { StartAt = (_, _) => ValueTask.FromResult(0L) }, CancellationToken.None);
        while (block.First is null || block.Last < cut.Last)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
            Assert.NotNull(batch);
            if (batch.Partition != partition) continue;
            foreach (var entry in batch.Entries)
            {
                if (entry.Offset < cut.First || entry.Offset > cut.Last) continue;
                Assert.True(EventView.TryParse(entry.Value.Span, out var view));
                block.Cover(entry);
                block.Add(view, entry, late: true);
            }
        }

        return block;
    }

    private Task InsertAsync(EventBlock block, string token, ulong id, Target reached) =>
        reached == Target.None ? Task.CompletedTask : fixture.ClickHouse.InsertAsync(
            new ClickHouseInsert("millrace_archiver.events_in", "Native")
            {
                Columns = [.. EventColumns.All.Select(column => column.Name)],
                DeduplicationToken = token,
                Settings = new Dictionary<string, string> { ["deduplicate_blocks_in_dependent_materialized_views"] = "1" },
            },
            (stream, cancel) => block.WriteToAsync(
                stream, id, TargetPlan.Of(block.Times.ToArray().Select(TargetPlan.WeekOf).Distinct().ToDictionary(week => week, _ => reached)), cancel),
            CancellationToken.None);
}
