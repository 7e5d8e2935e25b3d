using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Contract.Suites;

public abstract partial class EventLogContract
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_a_group_goes_on_where_it_committed(bool crash)
    {
        var positions = await AppendAsync([.. Enumerable.Range(0, 10).Select(i => Record("k", $"{i}"))]);
        var partition = positions[0].Partition;
        await using (var consumer = await ConsumeAsync(new LogConsumerOptions { Group = "g" }))
        {
            await ReadAsync(consumer, 10);
            await consumer.CommitAsync(partition, positions[6].Offset, Cancellation);
            Assert.Equal(positions[6].Offset, (await Log.GetCommittedAsync(Topic, "g", Cancellation))[partition]);
        }
        await ReopenAsync(crash);
        Assert.Equal(positions[6].Offset, (await Log.GetCommittedAsync(Topic, "g", Cancellation))[partition]);
        await using var again = await ConsumeAsync(new LogConsumerOptions { Group = "g" });
        Assert.Equal(["6", "7", "8", "9"], (await ReadAsync(again, 4)).Select(r => r.Value));
    }

    [Fact]
    public async Task PartitionOf_says_where_an_append_puts_a_key()
    {
        string[] keys = ["", "a", "ab", "abc", "acme/shop", "acme/sensors", .. Enumerable.Range(0, 40).Select(i => $"tenant-{i}/stream-ä{i * 7}")];
        var positions = await AppendAsync([.. keys.Select(key => Record(key, "x"))]);
        var partitions = (await Log.DescribeAsync(Topic, Cancellation)).Partitions.Count;

        Assert.Equal(
            positions.Select(position => position.Partition),
            keys.Select(key => Log.PartitionOf(System.Text.Encoding.UTF8.GetBytes(key), partitions)));
    }

    [Fact]
    public async Task Commit_never_moves_backwards()
    {
        var positions = await AppendAsync(Record("k", "0"), Record("k", "1"), Record("k", "2"));
        await using var consumer = await ConsumeAsync(new LogConsumerOptions { Group = "g" });
        await consumer.CommitAsync(positions[0].Partition, positions[2].Offset, Cancellation);
        await consumer.CommitAsync(positions[0].Partition, positions[1].Offset, Cancellation);
        Assert.Equal(positions[2].Offset, (await Log.GetCommittedAsync(Topic, "g", Cancellation))[positions[0].Partition]);
    }

    [Fact]
    public async Task Commit_many_at_once_all_become_durable()
    {
        var positions = await AppendAsync([.. Enumerable.Range(0, 100).Select(i => Record("k", $"{i}"))]);
        await using var consumer = await ConsumeAsync(new LogConsumerOptions { Group = "g" });
        await Task.WhenAll(positions.Select(p => consumer.CommitAsync(p.Partition, p.Offset + 1, Cancellation).AsTask()));
        Assert.Equal(positions[^1].Offset + 1, (await Log.GetCommittedAsync(Topic, "g", Cancellation))[positions[0].Partition]);
    }

    [Fact]
    public async Task Commit_without_a_group_does_nothing()
    {
        var positions = await AppendAsync(Record("k", "0"));
        await using (var consumer = await ConsumeAsync()) await consumer.CommitAsync(positions[0].Partition, positions[0].Offset + 1, Cancellation);
        await using var again = await ConsumeAsync();
        Assert.Equal("0", Assert.Single(await ReadAsync(again)).Value);
    }

    [Fact]
    public async Task GetCommitted_of_a_group_that_has_none_is_empty()
    {
        await AppendAsync(Record("k", "0"));
        Assert.Empty(await Log.GetCommittedAsync(Topic, "nobody", Cancellation));
        await using var consumer = await ConsumeAsync(new LogConsumerOptions { Group = "reads-only" });
        await ReadAsync(consumer, 1);
        Assert.Empty(await Log.GetCommittedAsync(Topic, "reads-only", Cancellation));
    }

    [Fact]
    public async Task Groups_do_not_know_of_each_other()
    {
        var positions = await AppendAsync(Record("k", "0"), Record("k", "1"));
        await using var first = await ConsumeAsync(new LogConsumerOptions { Group = "first" });
        await using var second = await ConsumeAsync(new LogConsumerOptions { Group = "second" });
        await ReadAsync(first, 2);
        await first.CommitAsync(positions[1].Partition, positions[1].Offset + 1, Cancellation);
        Assert.Equal(2, (await ReadAsync(second, 2)).Count);
        Assert.Empty(await Log.GetCommittedAsync(Topic, "second", Cancellation));
    }

    [Fact]
    public async Task Group_with_a_consumer_refuses_a_second_one_or_shares()
    {
        await using var first = await ConsumeAsync(new LogConsumerOptions { Group = "g" });
        if (GroupsHaveManyMembers) return;
        var refusal = await Assert.ThrowsAsync<EventLogException>(async () => await ConsumeAsync(new LogConsumerOptions { Group = "g" }));
        Assert.Contains("'g'", refusal.Message, StringComparison.Ordinal);
        await first.DisposeAsync();
        await using var second = await ConsumeAsync(new LogConsumerOptions { Group = "g" });
    }

    [Fact]
    public async Task StartAt_sees_the_commit_and_wins_over_it()
    {
        var positions = await AppendAsync([.. Enumerable.Range(0, 5).Select(i => Record("k", $"{i}"))]);
        var partition = positions[0].Partition;
        await using (var consumer = await ConsumeAsync(new LogConsumerOptions { Group = "g" }))
            await consumer.CommitAsync(partition, positions[4].Offset, Cancellation);
        long? committed = null;
        await using var again = await ConsumeAsync(new LogConsumerOptions
        {
            Group = "g",
            StartAt = (assignment, _) =>
            {
                if (assignment.Partition != partition) return ValueTask.FromResult(assignment.Bounds.EndOffset);
                committed = assignment.CommittedOffset;
                return ValueTask.FromResult(positions[2].Offset);
            },
        });
        Assert.Equal(["2", "3", "4"], (await ReadAsync(again, 3)).Select(r => r.Value));
        Assert.Equal(positions[4].Offset, committed);
    }

    [Fact]
    public async Task Describe_knows_bounds_and_an_epoch_that_stays()
    {
        var empty = await Log.DescribeAsync(Topic, Cancellation);
        Assert.Equal(Topic, empty.Topic);
        Assert.InRange(empty.Epoch.Length, 1, 32);
        Assert.True(empty.Partitions.Count > 1, "the suite's topic needs several partitions");
        Assert.All(empty.Partitions, p => Assert.Equal(p.EarliestOffset, p.EndOffset));
        var positions = await AppendAsync(Record("k", "0"), Record("k", "1"));
        await ReopenAsync();
        var info = await Log.DescribeAsync(Topic, Cancellation);
        Assert.Equal(empty.Epoch, info.Epoch);
        var bounds = info.Partitions[positions[0].Partition];
        Assert.Equal((positions[0].Offset, positions[1].Offset + 1), (bounds.EarliestOffset, bounds.EndOffset));
        Assert.NotEqual(info.Epoch, (await Log.DescribeAsync("suite.other", Cancellation)).Epoch);
    }
}
