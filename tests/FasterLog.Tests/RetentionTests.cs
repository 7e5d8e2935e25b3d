using Millrace.Adapters.FasterLog;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;
using static Millrace.FasterLog.Tests.LogExtensions;

namespace Millrace.FasterLog.Tests;

/// <summary>What goes and what stays. Files of 256 KiB, a limit of 1 MiB.</summary>
public sealed class RetentionTests : IDisposable
{
    private const long Limit = 1 << 20;

    private readonly LogFixture _fixture = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Size_beyond_the_limit_drops_the_oldest_files_and_the_rest_reads_on()
    {
        int written;
        long earliest;
        await using (var log = Open())
        {
            written = await log.FillAsync("k", 4 * Limit);
            Assert.InRange(DiskBytes(), Limit / 2, Limit + (1 << 18));
            earliest = await EarliestAsync(log);
            Assert.InRange(earliest, 1, written - 1);
            Assert.Equal(Numbers((int)earliest, written - (int)earliest), await log.ReadAllAsync());
        }
        await using var again = Open();
        Assert.Equal(earliest, await EarliestAsync(again));
        Assert.Equal(Numbers((int)earliest, written - (int)earliest), await again.ReadAllAsync());
        Assert.Equal(earliest, await again.FindOffsetAsync(TestTopic, await PartitionAsync(again), 0, default));
    }

    [Fact]
    public async Task Age_drops_whole_files_when_maintenance_runs()
    {
        await using var log = Open(o => o.MaxAge = TimeSpan.FromHours(1));
        var old = await log.FillAsync("k", Limit / 2);
        _time.Advance(TimeSpan.FromMinutes(50));
        var young = await log.FillAsync("k", Limit / 4, first: old);
        _time.Advance(TimeSpan.FromMinutes(20));
        await Eventually.TrueAsync(async () => await EarliestAsync(log) > 0);
        var kept = await log.ReadAllAsync();
        Assert.InRange(kept.Count, young, old + young - 1);
        Assert.Equal(Numbers(old + young - kept.Count, kept.Count), kept);
        _time.Advance(TimeSpan.FromHours(1));
        await Eventually.TrueAsync(async () => await EarliestAsync(log) == old + young);
        Assert.Empty(await log.ReadAllAsync());
        Assert.Equal(old + young, (await log.AppendAsync("k", "on:"))[0].Offset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Group_that_lags_keeps_its_records_until_appends_fail_and_name_it(bool everCommitted)
    {
        await using var log = Open();
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "slow" }, default);
        await log.AppendAsync("k", "0:");
        if (everCommitted) await consumer.CommitAsync(await PartitionAsync(log), 1, default);
        var written = 1;
        EventLogException? full = null;
        while (full is null)
        {
            try
            {
                written += await log.FillAsync("k", 10_000, first: written);
            }
            catch (EventLogException e)
            {
                full = e;
            }
            Assert.True(written < 2 * Limit / 1000, "nothing stopped the appends");
        }
        Assert.True(full.Retryable);
        Assert.Contains("'slow'", full.Message, StringComparison.Ordinal);
        Assert.InRange(DiskBytes(), Limit / 2, Limit + (1 << 18));
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(Numbers(0, written), await log.ReadAllAsync(consumer));

        await consumer.CommitAsync(await PartitionAsync(log), written, default);
        written += await log.FillAsync("k", Limit / 2, first: written);
        var rest = await log.ReadAllAsync(consumer);
        Assert.Equal($"{written - 1}", rest[^1]);
    }

    [Fact]
    public async Task Group_holds_its_records_also_after_reopening_before_it_comes_back()
    {
        await using (var log = Open(o => o.MaxAge = TimeSpan.FromHours(1)))
        {
            await log.FillAsync("k", Limit / 2);
            await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "away" }, default);
            await consumer.ReadAsync(TimeSpan.FromSeconds(5), default);
        }
        await using var again = Open(o => o.MaxAge = TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(10));
        await MaintainedAsync(again);
        Assert.Equal(0, await EarliestAsync(again));
        await using var back = await again.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "away" }, default);
        Assert.Equal("0", (await again.ReadAllAsync(back))[0]);
    }

    [Fact]
    public async Task Group_that_nobody_reads_for_is_forgotten_after_its_time()
    {
        await using var log = Open(o => o.GroupExpiry = TimeSpan.FromDays(1));
        var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "gone" }, default);
        await log.FillAsync("k", Limit / 2);
        _time.Advance(TimeSpan.FromDays(3));
        await MaintainedAsync(log);
        Assert.Equal(0, await EarliestAsync(log));
        await consumer.DisposeAsync();
        _time.Advance(TimeSpan.FromDays(3));
        await Eventually.TrueAsync(async () => await EarliestAsync(log) > 0);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(TopicDirectory, "groups")));
    }

    [Fact]
    public async Task Reader_without_a_group_that_is_overtaken_goes_on_at_the_oldest_record()
    {
        await using var log = Open();
        var written = await log.FillAsync("k", Limit / 4);
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { MaxBatchBytes = 1 }, default);
        using (var first = await consumer.ReadAsync(TimeSpan.Zero, default)) Assert.NotNull(first);
        written += await log.FillAsync("k", 3 * Limit, first: written);
        var read = (await log.ReadAllAsync(consumer)).Select(int.Parse).ToArray();
        Assert.Equal(written - 1, read[^1]);
        Assert.Equal(read.Distinct().Order(), read);
    }

    [Fact]
    public async Task Maintenance_saves_the_index_so_that_a_crash_leaves_little_to_scan()
    {
        await using var log = Open(o => o.CheckpointBytes = 1L << 36);
        await log.FillAsync("k", Limit / 2);
        var index = Path.Combine(TopicDirectory, "index");
        Assert.False(File.Exists(index));
        _time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => File.Exists(index));
        var saved = Checkpoint.Load(TopicDirectory, 4);
        Assert.NotNull(saved);
        Assert.Equal(log.Topics.Single().Store.DurableAddress, saved.Address);
    }

    [Fact]
    public void Choose_takes_the_strictest_of_size_age_and_groups()
    {
        var geometry = new LogGeometry(1 << 16, 1 << 18, 4);
        // A point every 128 KiB: records 10 apart, a minute apart.
        var points = Enumerable.Range(0, 17).Select(i => new IndexPoint(64 + (i * (1L << 17)), [i * 10L], [i * 60_000L])).ToArray();
        long? Begin(long maxBytes, long olderThanMs, params long[][] holds) => Retention.Choose(points, geometry, maxBytes, olderThanMs, holds)?.Next[0];

        Assert.Null(Begin(long.MaxValue, 0));
        Assert.Equal(100, Begin(1 << 20, 0));
        Assert.Equal(50, Begin(long.MaxValue, (5 * 60_000) + 1));
        Assert.Equal(110, Begin(1 << 20, (11 * 60_000) + 1));
        Assert.Equal(30, Begin(1 << 20, 0, [35], [1000]));
        Assert.Null(Begin(1 << 20, 0, [0]));
        Assert.Null(Begin(1 << 20, 0, [19]));
        Assert.Equal(160, Begin(0, 0, [160]));
    }

    private string TopicDirectory => _fixture.Directory.File("log", "topics", TestTopic);

    private FasterEventLog Open(Action<EventLogOptions>? change = null) => _fixture.Open(
        o =>
        {
            o.MaxBytes = Limit;
            change?.Invoke(o);
        },
        _time);

    private long DiskBytes() => SegmentDevice.List(TopicDirectory).Values.Sum();

    /// <summary>Waits until the maintenance that the clock has asked for has run: it saves the index last.</summary>
    private async Task MaintainedAsync(FasterEventLog log)
    {
        var index = Path.Combine(TopicDirectory, "index");
        File.Delete(index);
        await log.AppendAsync("other", "x");
        _time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => File.Exists(index));
    }

    private static async Task<int> PartitionAsync(IEventLog log)
    {
        var info = await log.DescribeAsync(TestTopic, default);
        return info.Partitions.MaxBy(p => p.EndOffset).Partition;
    }

    private static async Task<long> EarliestAsync(IEventLog log) => (await log.BoundsAsync(await PartitionAsync(log))).EarliestOffset;
}
