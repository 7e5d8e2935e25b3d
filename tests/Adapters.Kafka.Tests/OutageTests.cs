using System.Diagnostics;
using Confluent.Kafka;
using Millrace.Ports.EventLog;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;
using static Millrace.Adapters.Kafka.Tests.LogExtensions;

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>Brokers that are away, slow or in trouble: always the mock cluster, which can be told to be.</summary>
public sealed class OutageTests(KafkaFixture kafka)
{
    private const int Produce = 0;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Brokers_away_fail_appends_in_time_and_readers_go_on_when_they_are_back()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "", options => options.AppendTimeout = TimeSpan.FromSeconds(2));
        await log.AppendAsync("before");
        await using var consumer = await log.JoinAsync(null);
        Assert.Equal(["before"], await consumer.ReadAsync(1));

        await mock.StopAsync(Cancelled);
        var started = Stopwatch.GetTimestamp();
        var failure = await Assert.ThrowsAsync<EventLogException>(() => log.AppendAsync("lost"));
        Assert.True(failure.Retryable);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(6));
        var other = await Assert.ThrowsAsync<EventLogException>(
            async () => await log.AppendAsync("test.other", new[] { Record("k", "v") }, Memory<LogPosition>.Empty, Cancelled));
        Assert.True(other.Retryable);
        await Assert.ThrowsAsync<EventLogException>(() => log.CountBrokersAsync(TimeSpan.FromSeconds(1), Cancelled));

        await mock.StartAgainAsync(Cancelled);
        await Eventually.TrueAsync(async () => await TryAppendAsync(log, "after"));
        Assert.Equal("after", (await consumer.ReadAsync(1))[0]);
        Assert.Equal(3, await log.CountBrokersAsync(TimeSpan.FromSeconds(5), Cancelled));
    }

    [Fact]
    public async Task Log_time_stands_still_while_brokers_are_away()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "");
        await log.AppendAsync("one");
        await using var consumer = await log.JoinAsync(null);
        await consumer.ReadAsync(1);
        await Eventually.TrueAsync(() => consumer.CompleteThroughMs(0) > 0);
        var moving = consumer.CompleteThroughMs(0);
        await Eventually.TrueAsync(() => consumer.CompleteThroughMs(0) > moving);

        await mock.StopAsync(Cancelled);
        // Whatever was asked before the outage has been answered once this has failed.
        await Assert.ThrowsAsync<EventLogException>(() => log.CountBrokersAsync(TimeSpan.FromSeconds(1), Cancelled));
        var standing = consumer.CompleteThroughMs(0);
        await Assert.ThrowsAsync<EventLogException>(() => log.CountBrokersAsync(TimeSpan.FromSeconds(1), Cancelled));
        Assert.Equal(standing, consumer.CompleteThroughMs(0));
        await mock.StartAgainAsync(Cancelled);
        await Eventually.TrueAsync(() => consumer.CompleteThroughMs(0) > standing);
    }

    [Fact]
    public async Task Queue_that_is_full_fails_at_once_and_takes_records_again()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "", options =>
        {
            options.MaxQueuedBytes = 1 << 20;
            options.AppendTimeout = TimeSpan.FromSeconds(5);
        });
        await log.AppendAsync("before");
        await mock.StopAsync(Cancelled);
        LogRecord[] large = [new LogRecord(new byte[1], new byte[600_000])];
        var waiting = log.AppendAsync(Topic, large, Memory<LogPosition>.Empty, Cancelled).AsTask();
        var started = Stopwatch.GetTimestamp();
        LogRecord[] two = [large[0], large[0]];
        var full = await Assert.ThrowsAsync<EventLogException>(async () => await log.AppendAsync(Topic, two, Memory<LogPosition>.Empty, Cancelled));
        Assert.True(full.Retryable);
        Assert.Contains(nameof(ErrorCode.Local_QueueFull), full.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2));

        await mock.StartAgainAsync(Cancelled);
        await EitherAsync(waiting);
        await Eventually.TrueAsync(async () => await TryAppendAsync(log, "after"));
        await Eventually.TrueAsync(() => log.QueueLength == 0);
    }

    [Theory]
    [InlineData(7, false)] // REQUEST_TIMED_OUT
    [InlineData(6, false)] // NOT_LEADER_OR_FOLLOWER
    [InlineData(19, false)] // NOT_ENOUGH_REPLICAS
    [InlineData(-195, true)] // The connection breaks after the records were taken; the mock does not know a producer's sequence numbers as a real broker does.
    public async Task Requests_that_fail_for_a_while_are_repeated_and_nothing_is_lost(int code, bool mayDouble)
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "");
        await log.AppendAsync("warm");
        await mock.FailAsync(Produce, code, 3, Cancelled);
        await log.AppendAsync(Numbers(0, 50));
        await using var consumer = await log.JoinAsync(null);
        var read = new HashSet<string>();
        while (read.Count < 51) read.UnionWith(await consumer.ReadAsync(1));
        if (!mayDouble) Assert.Equal(51, (await log.DescribeAsync(Topic, Cancelled)).Partitions.Sum(p => p.EndOffset));
    }

    [Fact]
    public async Task Record_that_brokers_refuse_is_refused_for_good()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "");
        await log.AppendAsync("warm");
        await mock.FailAsync(Produce, (int)ErrorCode.MsgSizeTooLarge, 1, Cancelled);
        Assert.False((await Assert.ThrowsAsync<EventLogException>(() => log.AppendAsync("too large"))).Retryable);
        await log.AppendAsync("fits");
    }

    [Fact]
    public async Task Slow_brokers_only_take_longer()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "");
        await log.AppendAsync("warm");
        await mock.DelayAsync(TimeSpan.FromMilliseconds(300), Cancelled);
        var started = Stopwatch.GetTimestamp();
        await log.AppendAsync("slow");
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromMilliseconds(290), TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task Producer_that_has_failed_for_good_is_replaced()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "");
        await log.AppendAsync("before");
        var failed = log.Producer!;
        failed.FailForTest(ErrorCode.OutOfOrderSequenceNumber);
        await Eventually.TrueAsync(async () => await TryAppendAsync(log, "after"));
        Assert.NotSame(failed, log.Producer);
        await using var consumer = await log.JoinAsync(null);
        Assert.Contains("after", await consumer.ReadAsync(2));
    }

    [Fact]
    public async Task Topic_that_is_made_anew_has_another_epoch_and_offsets_beyond_its_end_are_refused()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "");
        var position = (await log.AppendAsync("one"))[0];
        var epoch = (await log.DescribeAsync(Topic, Cancelled)).Epoch;
        await mock.DeleteTopicAsync(Topic, Cancelled);
        await mock.CreateTopicAsync(Topic, 4, Cancelled);
        Assert.NotEqual(epoch, (await log.DescribeAsync(Topic, Cancelled)).Epoch);
        var refusal = await Assert.ThrowsAsync<EventLogException>(async () => await log.OpenConsumerAsync(
            Topic, new LogConsumerOptions { StartAt = (_, _) => ValueTask.FromResult(position.Offset + 1) }, Cancelled));
        Assert.Contains("made anew", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_that_retention_has_dropped_are_skipped_at_the_start()
    {
        await using var mock = await KafkaMockBroker.StartAsync(Cancelled);
        await using var log = kafka.Open(mock.BootstrapServers, "");
        for (var i = 0; i < 5; i++) await log.AppendAsync(Topic, new[] { Record("k", $"{i}") }, Memory<LogPosition>.Empty, Cancelled);
        var partition = (await log.DescribeAsync(Topic, Cancelled)).Partitions.Single(p => p.EndOffset == 5).Partition;
        await mock.DeleteRecordsAsync(Topic, partition, 3, Cancelled);
        Assert.Equal(3, (await log.DescribeAsync(Topic, Cancelled)).Partitions[partition].EarliestOffset);
        await using var consumer = await log.OpenConsumerAsync(Topic, new LogConsumerOptions { StartAt = (_, _) => ValueTask.FromResult(0L) }, Cancelled);
        Assert.Equal(["3", "4"], await consumer.ReadAsync(2));
    }

    private static async Task<bool> TryAppendAsync(IEventLog log, string value)
    {
        try
        {
            await log.AppendAsync(value);
            return true;
        }
        catch (EventLogException e) when (e.Retryable)
        {
            // Not back yet.
            return false;
        }
    }

    /// <summary>Waits for an append that may end either way.</summary>
    private static async Task EitherAsync(Task append)
    {
        await Task.WhenAny(append);
        Assert.True(append.IsCompletedSuccessfully || append.Exception?.InnerException is EventLogException { Retryable: true });
    }
}
