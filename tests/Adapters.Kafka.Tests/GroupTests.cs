using System.Collections.Concurrent;
using System.Text;
using Millrace.Adapters.Kafka.Consuming;
using Millrace.Testing;
using Xunit;
using static Millrace.Adapters.Kafka.Tests.LogExtensions;

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>Groups of several members. Over the mock a rebalance takes about a session.</summary>
public sealed class GroupTests(KafkaFixture kafka)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private readonly string _prefix = KafkaFixture.NewPrefix();

    [Fact]
    public async Task Members_share_the_partitions_and_one_takes_over_what_a_killed_one_had()
    {
        var servers = await kafka.GetServersAsync();
        await using var log = kafka.Open(servers, _prefix);
        var values = new ConcurrentQueue<string>();
        await log.AppendAsync(Numbers(0, 100));
        var first = await GroupReader.JoinAsync(log, "g", values);
        await using var second = await GroupReader.JoinAsync(log, "g", values);
        await Eventually.TrueAsync(() => first.Assignment.Count == 2 && second.Assignment.Count == 2, _patience);
        Assert.Empty(first.Assignment.Intersect(second.Assignment));
        Assert.Equal(2, first.Revoked.Count);
        await log.AppendAsync(Numbers(100, 100));
        await Eventually.TrueAsync(() => values.Count >= 200, _patience);

        await first.KillAsync();
        await log.AppendAsync(Numbers(200, 100));
        await Eventually.TrueAsync(() => second.Assignment.Count == 4, _patience);
        await Eventually.TrueAsync(() => values.Count >= 300, _patience);
        AssertComplete(300, values);
    }

    [Fact]
    public async Task Member_that_leaves_hands_over_at_once_and_nothing_is_lost()
    {
        var servers = await kafka.GetServersAsync();
        await using var log = kafka.Open(servers, _prefix);
        var values = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var appended = 0;
        var appending = Task.Run(async () =>
        {
            for (; !stop.IsCancellationRequested; appended += 20) await log.AppendAsync(Numbers(appended, 20));
        });
        await using var first = await GroupReader.JoinAsync(log, "g", values);
        var second = await GroupReader.JoinAsync(log, "g", values);
        await Eventually.TrueAsync(() => second.Assignment.Count == 2, _patience);
        var before = values.Count;
        await Eventually.TrueAsync(() => values.Count > before + 100, _patience);
        await second.DisposeAsync();
        await Eventually.TrueAsync(() => first.Assignment.Count == 4, _patience);
        await stop.CancelAsync();
        await appending;
        await Eventually.TrueAsync(() => values.Count >= appended, _patience);
        AssertComplete(appended, values);
    }

    [Fact]
    public async Task Member_with_a_name_that_restarts_gets_its_partitions_back_without_the_others_noticing()
    {
        KafkaFixture.RequireReal("librdkafka's mock cluster moves the partitions of a member that is away");
        await using var stays = kafka.Open(KafkaFixture.RealServers, _prefix, options => options.InstanceId = "a");
        var restarts = kafka.Open(KafkaFixture.RealServers, _prefix, options => options.InstanceId = "b");
        var values = new ConcurrentQueue<string>();
        await using var first = await GroupReader.JoinAsync(stays, "g", values);
        var second = await GroupReader.JoinAsync(restarts, "g", values);
        await Eventually.TrueAsync(() => first.Assignment.Count == 2 && second.Assignment.Count == 2, _patience);
        var revoked = first.Revoked.Count;
        int[] had = [.. second.Assignment.Order()];

        await second.DisposeAsync();
        await restarts.DisposeAsync();
        await using var again = kafka.Open(KafkaFixture.RealServers, _prefix, options => options.InstanceId = "b");
        await using var third = await GroupReader.JoinAsync(again, "g", values);
        Assert.Equal(had, third.Assignment.Order());
        Assert.Equal(revoked, first.Revoked.Count);
    }

    [Fact]
    public async Task Reader_that_is_slow_pauses_its_partitions_takes_part_in_rebalances_and_misses_nothing()
    {
        const int Total = 16_000;
        await using var log = kafka.Open(await kafka.GetServersAsync(), _prefix);
        // Sixteen times what the queue holds, and little of what the mock keeps, for it compresses well.
        var padding = new string('x', 4000);
        for (var i = 0; i < Total; i += 500) await log.AppendAsync([.. Numbers(i, 500).Select(number => $"{number}:{padding}")]);
        var consumer = await log.JoinAsync("g");
        await Eventually.TrueAsync(() => ((KafkaConsumer)consumer).IsPaused, _patience);

        var values = new ConcurrentQueue<string>();
        await using var other = await GroupReader.JoinAsync(log, "g", values);
        await Eventually.TrueAsync(() => other.Assignment.Count == 2, _patience);
        Assert.Equal(2, consumer.Assignment.Count);
        while (values.Count < Total)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            foreach (var entry in batch is null ? [] : batch.Entries) values.Enqueue(Encoding.UTF8.GetString(entry.Value.Span));
        }

        Assert.Equal(Enumerable.Range(0, Total), values.Select(value => int.Parse(value.Split(':')[0], null)).Order());
        await consumer.DisposeAsync();
    }

    [Fact]
    public async Task Partitions_that_went_away_while_they_were_paused_flow_when_they_come_back()
    {
        const int Total = 16_000;
        await using var log = kafka.Open(await kafka.GetServersAsync(), _prefix);
        var padding = new string('x', 4000);
        for (var i = 0; i < Total; i += 500) await log.AppendAsync([.. Numbers(i, 500).Select(number => $"{number}:{padding}")]);
        await using var consumer = await log.JoinAsync("g");
        await Eventually.TrueAsync(() => ((KafkaConsumer)consumer).IsPaused, _patience);

        // Some of its partitions go to another, are read to their end there, and come back.
        var values = new ConcurrentQueue<string>();
        var other = await GroupReader.JoinAsync(log, "g", values);
        await Eventually.TrueAsync(() => other.Assignment.Count == 2, _patience);
        while (values.Count < Total)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            foreach (var entry in batch is null ? [] : batch.Entries) values.Enqueue(Encoding.UTF8.GetString(entry.Value.Span));
            if (batch is not null) await consumer.CommitAsync(batch.Partition, batch.NextOffset, TestContext.Current.CancellationToken);
        }

        await other.DisposeAsync();
        var after = new HashSet<string>();
        await log.AppendAsync(Numbers(Total, 100));
        await Eventually.TrueAsync(
            async () =>
            {
                using var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
                foreach (var entry in batch is null ? [] : batch.Entries) after.Add(Encoding.UTF8.GetString(entry.Value.Span));
                return after.Count(value => !value.Contains(':', StringComparison.Ordinal)) == 100;
            },
            _patience);
        Assert.Equal(4, consumer.Assignment.Count);
    }

    [Fact]
    public async Task Commit_of_a_partition_that_went_away_changes_nothing()
    {
        var servers = await kafka.GetServersAsync();
        await using var log = kafka.Open(servers, _prefix);
        var partition = (await log.AppendAsync("one"))[0].Partition;
        await using var consumer = await log.JoinAsync("g");
        await consumer.ReadAsync(1);
        await consumer.CommitAsync(99, 5, TestContext.Current.CancellationToken);
        await consumer.CommitAsync(partition, 1, TestContext.Current.CancellationToken);
        Assert.Equal([new KeyValuePair<int, long>(partition, 1)], await log.GetCommittedAsync(Topic, "g", TestContext.Current.CancellationToken));
    }

    /// <summary>
    /// Every value, and at most one batch again. A group is at least once: seen on the mock, seldom, a commit came too late for its generation, and the
    /// next owner began before it. Progress that must be exact stands in SQL, where the services keep theirs.
    /// </summary>
    private static void AssertComplete(int count, ConcurrentQueue<string> values)
    {
        const int Batch = 8192;
        var numbers = values.Select(int.Parse).ToList();
        Assert.Equal(Enumerable.Range(0, count), numbers.Distinct().Order());
        Assert.InRange(numbers.Count - count, 0, Batch);
    }
}
