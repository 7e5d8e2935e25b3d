using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Contract.Suites;

public abstract partial class EventLogContract
{
    [Fact]
    public async Task Read_answers_null_when_nothing_comes_in_time()
    {
        await using var consumer = await ConsumeAsync();
        Assert.Null(await consumer.ReadAsync(TimeSpan.Zero, Cancellation));
        Assert.Null(await consumer.ReadAsync(TimeSpan.FromMilliseconds(50), Cancellation));
    }

    [Fact]
    public async Task Read_waiting_is_woken_by_an_append()
    {
        await using var consumer = await ConsumeAsync();
        var reading = consumer.ReadAsync(Patience, Cancellation).AsTask();
        await AppendAsync(Record("k", "wake"));
        using var batch = await reading;
        Assert.NotNull(batch);
        Assert.Equal("wake", Payloads.Text(batch.Entries[0].Value));
    }

    [Fact]
    public async Task Read_cancelled_ends_and_the_consumer_goes_on()
    {
        await using var consumer = await ConsumeAsync();
        using var cancellation = new CancellationTokenSource();
        var reading = consumer.ReadAsync(Patience, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await AppendAsync(Record("k", "next"));
        Assert.Equal("next", Assert.Single(await ReadAsync(consumer, 1)).Value);
    }

    [Fact]
    public async Task Read_several_consumers_see_everything_each_at_its_own_pace()
    {
        await using var first = await ConsumeAsync();
        await AppendAsync([.. Enumerable.Range(0, 30).Select(i => Record($"k{i}", $"{i}"))]);
        Assert.Equal(30, (await ReadAsync(first, 30)).Count);
        await AppendAsync([.. Enumerable.Range(30, 30).Select(i => Record($"k{i}", $"{i}"))]);
        await using var second = await ConsumeAsync();
        Assert.Equal(60, (await ReadAsync(second, 60)).Count);
        Assert.Equal(Enumerable.Range(30, 30).Select(i => $"{i}").Order(), (await ReadAsync(first, 30)).Select(r => r.Value).Order());
    }

    [Fact]
    public async Task Read_batches_keep_to_their_bound_and_a_larger_record_comes_alone()
    {
        await AppendAsync([.. Enumerable.Range(0, 20).Select(i => Record("k", new string('x', 300)))]);
        await AppendAsync(Record("k", new string('y', 5000)), Record("k", "z"));
        await using var consumer = await ConsumeAsync(new LogConsumerOptions { MaxBatchBytes = 1000 });
        var seen = 0;
        while (seen < 22)
        {
            using var batch = await consumer.ReadAsync(Patience, Cancellation);
            Assert.NotNull(batch);
            var bytes = 0;
            foreach (var entry in batch.Entries) bytes += entry.Key.Length + entry.Value.Length;
            Assert.True(bytes <= 1000 || batch.Count == 1, $"{batch.Count} records of {bytes} bytes");
            seen += batch.Count;
        }
    }

    [Fact]
    public async Task Read_a_batch_stays_valid_until_it_is_disposed()
    {
        await AppendAsync([.. Enumerable.Range(0, 50).Select(i => Record("k", $"value {i}"))]);
        await using var consumer = await ConsumeAsync(new LogConsumerOptions { MaxBatchBytes = 100 });
        var batches = new List<LogBatch>();
        for (var seen = 0; seen < 50; seen += batches[^1].Count) batches.Add((await consumer.ReadAsync(Patience, Cancellation))!);
        for (var i = 0; i < 100; i++) await AppendAsync(Record("other", new string('-', 1000)));
        var values = new List<string>();
        foreach (var batch in batches)
        {
            foreach (var entry in batch.Entries) values.Add(Payloads.Text(entry.Value));
            batch.Dispose();
        }
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"value {i}"), values);
    }

    [Fact]
    public async Task Read_from_latest_gives_only_what_comes_later()
    {
        await AppendAsync(Record("a", "old"), Record("b", "old"), Record("c", "old"));
        await using var consumer = await ConsumeAsync(new LogConsumerOptions { StartFrom = LogStart.Latest });
        await AppendAsync(Record("a", "new"));
        Assert.Equal("new", Assert.Single(await ReadAsync(consumer)).Value);
    }

    [Fact]
    public async Task Read_from_a_chosen_offset_begins_exactly_there()
    {
        var positions = await AppendAsync([.. Enumerable.Range(0, 20).Select(i => Record("k", $"{i}"))]);
        await AppendAsync(Record("z", "z"));
        var asked = new List<PartitionAssignment>();
        await using var consumer = await ConsumeAsync(new LogConsumerOptions
        {
            StartAt = (assignment, _) =>
            {
                asked.Add(assignment);
                return ValueTask.FromResult(assignment.Partition == positions[0].Partition ? positions[13].Offset : assignment.Bounds.EndOffset);
            },
        });
        Assert.Equal(Enumerable.Range(13, 7).Select(i => $"{i}"), (await ReadAsync(consumer)).Select(r => r.Value).Where(v => v != "z"));
        Assert.Equal(consumer.Assignment.Order(), asked.Select(a => a.Partition).Order());
        Assert.All(asked, a => Assert.Null(a.CommittedOffset));
    }

    [Fact]
    public async Task Read_while_others_append_delivers_each_record_once_in_order()
    {
        const int Total = 3000;
        await using var consumer = await ConsumeAsync(new LogConsumerOptions { MaxBatchBytes = 4096 });
        var appending = Task.Run(async () =>
        {
            for (var i = 0; i < Total; i += 10) await AppendAsync([.. Enumerable.Range(i, 10).Select(n => Record($"k{n % 5}", $"{n}"))]);
        });
        var read = await ReadAsync(consumer, Total);
        await appending;
        foreach (var key in read.GroupBy(r => r.Key))
        {
            var numbers = key.Select(r => int.Parse(r.Value)).ToArray();
            Assert.Equal(numbers.Order(), numbers);
        }
        Assert.Equal(Total, read.Select(r => r.Value).Distinct().Count());
    }

    [Fact]
    public async Task Consumer_two_reads_at_once_are_refused()
    {
        await using var consumer = await ConsumeAsync();
        using var cancellation = new CancellationTokenSource();
        var first = consumer.ReadAsync(Patience, cancellation.Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await consumer.ReadAsync(Patience, Cancellation));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task Consumer_disposed_while_it_waits_ends_the_waiting()
    {
        var consumer = await ConsumeAsync();
        var reading = consumer.ReadAsync(Patience, Cancellation).AsTask();
        await consumer.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
    }

    [Fact]
    public async Task GetLag_counts_what_is_unread_and_its_age()
    {
        await using var consumer = await ConsumeAsync();
        var positions = await AppendAsync([.. Enumerable.Range(0, 5).Select(i => Record("k", $"{i}"))]);
        var lag = consumer.GetLag(positions[0].Partition);
        Assert.Equal(5, lag.Records);
        Assert.InRange(lag.Age, TimeSpan.Zero, Patience);
        await ReadAsync(consumer, 5);
        Assert.Equal(default, consumer.GetLag(positions[0].Partition));
    }
}
