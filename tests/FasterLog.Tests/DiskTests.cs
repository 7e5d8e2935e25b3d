using Millrace.Adapters.FasterLog;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;
using static Millrace.FasterLog.Tests.LogExtensions;

namespace Millrace.FasterLog.Tests;

/// <summary>How the log uses its disk, and what it does when the disk fails.</summary>
public sealed class DiskTests : IDisposable
{
    private readonly LogFixture _fixture = new();
    private readonly FakeDisk _disk = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Appends_that_come_during_a_sync_share_the_next_one()
    {
        await using var log = _fixture.Open(disk: _disk);
        await log.AppendAsync("k", "first");
        var before = _disk.Syncs;
        _disk.Gate.Reset();
        var leader = log.AppendAsync("k", "leader");
        await Eventually.TrueAsync(() => _disk.Arrived == before + 1);
        var followers = Enumerable.Range(0, 64).Select(i => log.AppendAsync($"k{i}", $"{i}")).ToArray();
        Assert.DoesNotContain(followers, f => f.IsCompleted);
        _disk.Gate.Set();
        await leader;
        await Task.WhenAll(followers);
        Assert.Equal(before + 2, _disk.Syncs);
    }

    [Fact]
    public async Task Append_is_not_answered_and_not_delivered_before_the_sync()
    {
        await using var log = _fixture.Open(disk: _disk);
        var position = (await log.AppendAsync("k", "durable"))[0];
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        Assert.Equal(["durable"], await log.ReadAllAsync(consumer));
        var arrived = _disk.Arrived;
        _disk.Gate.Reset();
        var append = log.AppendAsync("k", "not yet");
        await Eventually.TrueAsync(() => _disk.Arrived > arrived);
        Assert.False(append.IsCompleted);
        Assert.Null(await consumer.ReadAsync(TimeSpan.Zero, default));
        Assert.Equal(position.Offset + 1, (await log.BoundsAsync(position.Partition)).EndOffset);
        _disk.Gate.Set();
        await append;
        Assert.Equal(["not yet"], await log.ReadAllAsync(consumer));
    }

    [Fact]
    public async Task Write_beyond_what_a_file_may_have_fails_appends_and_commits_and_nothing_else()
    {
        await using var log = _fixture.Open(time: _time, disk: _disk);
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "readers" }, default);
        var position = (await log.AppendAsync("k", "before"))[0];
        Assert.Equal(["before"], await log.ReadAllAsync(consumer));

        _disk.TooLarge = true;
        await FailAsync(log, "lost");
        var commit = await Assert.ThrowsAsync<EventLogException>(async () => await consumer.CommitAsync(position.Partition, position.Offset + 1, default));
        Assert.True(commit.Retryable);

        _disk.TooLarge = false;
        _time.Advance(TimeSpan.FromSeconds(2));
        await consumer.CommitAsync(position.Partition, position.Offset + 1, default);
        await log.AppendAsync("k", "after");
        Assert.Equal(["after"], await log.ReadAllAsync(consumer));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failing_disk_fails_the_appends_and_the_log_recovers_without_a_restart(bool full)
    {
        await using var log = _fixture.Open(time: _time, disk: _disk);
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        var written = await log.FillAsync("k", 200_000);
        (_disk.Full, _disk.SyncFails) = (full, !full);
        var failures = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => FailAsync(log, $"lost {i}")));
        Assert.All(failures, f => Assert.True(f.Retryable));
        Assert.Contains(failures, f => f.Message.Contains(full ? "No space left" : "Input/output", StringComparison.Ordinal));
        Assert.Contains(log.Topics, t => t.Trouble is not null);

        // Still failing after the pause: still an error, not a hang.
        _time.Advance(TimeSpan.FromSeconds(2));
        await FailAsync(log, "lost again");
        Assert.Equal(Numbers(0, written), await log.ReadAllAsync(consumer));

        (_disk.Full, _disk.SyncFails) = (false, false);
        _time.Advance(TimeSpan.FromSeconds(2));
        var position = (await log.AppendAsync("k", $"{written}:"))[0];
        Assert.Equal(written, position.Offset);
        Assert.Equal([$"{written}"], await log.ReadAllAsync(consumer));
        Assert.DoesNotContain(log.Topics, t => t.Trouble is not null);
        Assert.Equal(Numbers(0, written + 1), await log.ReadAllAsync());
        await log.DisposeAsync();
        await using var again = _fixture.Open();
        Assert.Equal(Numbers(0, written + 1), await again.ReadAllAsync());
    }

    [Fact]
    public async Task Failing_disk_recovers_by_maintenance_alone()
    {
        await using var log = _fixture.Open(time: _time, disk: _disk);
        await log.AppendAsync("k", "0:");
        _disk.Full = true;
        await FailAsync(log, "lost");
        _disk.Full = false;
        _time.Advance(TimeSpan.FromSeconds(40));
        await Eventually.TrueAsync(() => log.Topics.All(t => t.Trouble is null));
    }

    [Fact]
    public async Task Queue_beyond_its_bound_refuses_at_once()
    {
        await using var log = _fixture.Open(o => o.MaxQueuedBytes = 1 << 20, disk: _disk);
        await log.AppendAsync("k", "first");
        var arrived = _disk.Arrived;
        _disk.Gate.Reset();
        var waiting = new List<Task> { log.AppendAsync("k", "leader") };
        await Eventually.TrueAsync(() => _disk.Arrived > arrived);
        EventLogException? refusal = null;
        while (refusal is null && waiting.Count < 100)
        {
            var append = log.AppendAsync("k", new string('x', 100_000));
            if (append.IsCompleted) refusal = await Assert.ThrowsAsync<EventLogException>(() => append);
            else waiting.Add(append);
        }
        Assert.NotNull(refusal);
        Assert.True(refusal.Retryable);
        _disk.Gate.Set();
        await Task.WhenAll(waiting);
        await log.AppendAsync("k", "again");
    }

    [Fact]
    public async Task Dispose_finishes_what_is_queued()
    {
        var log = _fixture.Open();
        var appends = Enumerable.Range(0, 50).Select(i => log.AppendAsync("k", $"{i}:")).ToArray();
        await log.DisposeAsync();
        await Task.WhenAll(appends);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => log.AppendAsync("k", "late"));
        await using var again = _fixture.Open();
        Assert.Equal(Numbers(0, 50), await again.ReadAllAsync());
    }

    private static async Task<EventLogException> FailAsync(FasterEventLog log, string value) =>
        await Assert.ThrowsAsync<EventLogException>(() => log.AppendAsync("k", value));
}
