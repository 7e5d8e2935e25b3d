using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;
using static Millrace.FasterLog.Tests.LogExtensions;

namespace Millrace.FasterLog.Tests;

/// <summary>The log's own clock.</summary>
public sealed class TimeTests : IDisposable
{
    private readonly LogFixture _fixture = new();
    private readonly ManualTimeProvider _time = new();

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Log_time_never_steps_back_with_the_clock_also_over_reopening()
    {
        var log = _fixture.Open(time: _time);
        await log.AppendAsync("k", "0");
        var first = Now;
        _time.SetUtcNow(_time.GetUtcNow() - TimeSpan.FromHours(1));
        await log.AppendAsync("k", "1");
        await log.DisposeAsync();
        await using var again = _fixture.Open(time: _time);
        await again.AppendAsync("k", "2");
        _time.Advance(TimeSpan.FromHours(2));
        await again.AppendAsync("k", "3");
        Assert.Equal([first, first, first, Now], await TimesAsync(again));
    }

    [Fact]
    public async Task Complete_through_is_now_at_the_end_and_binds_later_appends_when_the_clock_steps_back()
    {
        await using var log = _fixture.Open(time: _time);
        var p = (await log.AppendAsync("k", "0"))[0].Partition;
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(consumer.CompleteThroughMs(p) < Now);
        await log.ReadAllAsync(consumer);
        Assert.Equal(Now, consumer.CompleteThroughMs(p));
        _time.Advance(TimeSpan.FromSeconds(5));
        var promised = consumer.CompleteThroughMs(p);
        Assert.Equal(Now, promised);
        _time.SetUtcNow(_time.GetUtcNow() - TimeSpan.FromMinutes(1));
        Assert.Equal(promised, consumer.CompleteThroughMs(p));
        await log.AppendAsync("k", "1");
        Assert.Equal(promised, (await TimesAsync(log))[1]);
    }

    [Fact]
    public async Task Complete_through_that_was_promised_holds_after_an_orderly_restart()
    {
        long promised;
        await using (var log = _fixture.Open(time: _time))
        {
            var p = (await log.AppendAsync("k", "0"))[0].Partition;
            await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
            await log.ReadAllAsync(consumer);
            _time.Advance(TimeSpan.FromSeconds(30));
            promised = consumer.CompleteThroughMs(p);
        }
        _time.SetUtcNow(_time.GetUtcNow() - TimeSpan.FromMinutes(1));
        await using var again = _fixture.Open(time: _time);
        await again.AppendAsync("k", "1");
        Assert.Equal(promised, (await TimesAsync(again))[1]);
    }

    [Fact]
    public async Task Complete_through_stands_still_while_the_reader_is_behind()
    {
        await using var log = _fixture.Open(time: _time);
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { MaxBatchBytes = 1 }, default);
        var times = new List<long>();
        var p = 0;
        for (var i = 0; i < 3; i++)
        {
            p = (await log.AppendAsync("k", $"{i}"))[0].Partition;
            times.Add(Now);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        for (var i = 0; i < 3; i++)
        {
            Assert.True(consumer.CompleteThroughMs(p) <= times[i]);
            using var batch = await consumer.ReadAsync(TimeSpan.Zero, default);
            Assert.Equal(1, batch!.Count);
            Assert.Equal(i < 2 ? times[i] : Now, consumer.CompleteThroughMs(p));
        }
    }

    [Fact]
    public async Task Lag_of_a_reader_at_the_beginning_never_counts_from_1970()
    {
        var p = 0;
        await using (var log = _fixture.Open(time: _time))
        {
            await using var early = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
            _time.Advance(TimeSpan.FromHours(1));
            // More appends than are remembered, and less than the index has a point for.
            for (var i = 0; i < 300; i++) p = (await log.AppendAsync("k", $"{i}"))[0].Partition;
            _time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(new LogLag(300, TimeSpan.FromSeconds(2)), early.GetLag(p));
        }
        await using var again = _fixture.Open(time: _time);
        await using var consumer = await again.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(new LogLag(300, TimeSpan.FromSeconds(3)), consumer.GetLag(p));
    }

    [Fact]
    public async Task Find_offset_is_exact_and_lag_knows_the_age()
    {
        await using var log = _fixture.Open(time: _time);
        var start = Now;
        var p = 0;
        // More than the partition remembers, so that both ways of finding are taken.
        for (var i = 0; i < 400; i++)
        {
            p = (await log.AppendAsync("k", $"{i}:{new string('x', 3000)}"))[0].Partition;
            await log.AppendAsync($"other-{i}", "x");
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        await using var consumer = await log.OpenConsumerAsync(
            TestTopic, new LogConsumerOptions { StartAt = async (a, c) => await log.FindOffsetAsync(TestTopic, a.Partition, start + 150_000, c) }, default);
        // Exact for the last groups of appends, otherwise to within the distance of two points of the index.
        Assert.InRange(consumer.GetLag(p).Age, TimeSpan.FromSeconds(250), TimeSpan.FromSeconds(260));
        Assert.Contains("150", await log.ReadAllAsync(consumer));
        await log.AppendAsync("k", "last");
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(new LogLag(1, TimeSpan.FromSeconds(3)), consumer.GetLag(p));
        Assert.Equal(0, await log.FindOffsetAsync(TestTopic, p, start - 1, default));
        Assert.Equal((await log.BoundsAsync(p)).EndOffset, await log.FindOffsetAsync(TestTopic, p, Now + 1, default));
        foreach (var i in (int[])[0, 1, 77, 142, 143, 144, 145, 146, 250, 399])
        {
            var offset = await log.FindOffsetAsync(TestTopic, p, start + (i * 1000), default);
            await using var reader = await log.OpenConsumerAsync(
                TestTopic, new LogConsumerOptions { StartAt = (a, _) => new(a.Partition == p ? offset : a.Bounds.EndOffset) }, default);
            using var batch = await reader.ReadAsync(TimeSpan.Zero, default);
            Assert.Equal(start + (i * 1000), batch!.Entries[0].AppendedAtMs);
            if (offset > 0) Assert.NotEqual(offset, await log.FindOffsetAsync(TestTopic, p, start + (i * 1000) - 1000, default));
        }
    }

    [Fact]
    public async Task Read_returns_null_when_the_clock_says_so_and_not_before()
    {
        await using var log = _fixture.Open(time: _time);
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        var timers = _time.ActiveTimers;
        var reading = consumer.ReadAsync(TimeSpan.FromSeconds(10), default).AsTask();
        await Eventually.TrueAsync(() => _time.ActiveTimers > timers);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Null(await reading.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task<List<long>> TimesAsync(IEventLog log)
    {
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        var times = new List<long>();
        while (await consumer.ReadAsync(TimeSpan.Zero, default) is { } batch)
        {
            using (batch)
            {
                foreach (var entry in batch.Entries) times.Add(entry.AppendedAtMs);
            }
        }
        return times;
    }
}
