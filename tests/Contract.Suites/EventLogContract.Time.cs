using Millrace.Testing;
using Xunit;

namespace Millrace.Contract.Suites;

public abstract partial class EventLogContract
{
    [Fact]
    public async Task AppendedAt_never_decreases_in_a_partition()
    {
        for (var i = 0; i < 30; i++) await AppendAsync(Record($"k{i % 5}", $"{i}"));
        await ReopenAsync();
        for (var i = 30; i < 60; i++) await AppendAsync(Record($"k{i % 5}", $"{i}"));
        await using var consumer = await ConsumeAsync();
        foreach (var partition in (await ReadAsync(consumer, 60)).GroupBy(r => r.Partition))
            Assert.Equal(partition.Select(r => r.AppendedAtMs).Order(), partition.Select(r => r.AppendedAtMs));
    }

    [Fact]
    public async Task CompleteThrough_stands_still_while_records_are_unread_and_then_moves()
    {
        await using var consumer = await ConsumeAsync();
        var positions = await AppendAsync(Record("k", "0"));
        var partition = positions[0].Partition;
        var behind = consumer.CompleteThroughMs(partition);
        var record = Assert.Single(await ReadAsync(consumer, 1));
        Assert.True(behind <= record.AppendedAtMs, $"{behind} was promised before a record of {record.AppendedAtMs} had been read");
        var complete = consumer.CompleteThroughMs(partition);
        Assert.True(complete >= record.AppendedAtMs);
        await Eventually.TrueAsync(() => consumer.CompleteThroughMs(partition) > complete, Patience, "an idle partition's time moves on");
    }

    [Fact]
    public async Task CompleteThrough_is_a_promise_that_no_later_append_breaks()
    {
        await using var consumer = await ConsumeAsync();
        var partitions = consumer.Assignment.ToArray();
        var promised = new long[partitions.Length];
        var stop = 0;
        var appending = Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            while (Volatile.Read(ref stop) == 0) await AppendAsync(Record($"k{caller}", "x"));
        })));
        for (var seen = 0; seen < 500;)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(1), Cancellation);
            if (batch is not null)
            {
                foreach (var entry in batch.Entries)
                    Assert.True(entry.AppendedAtMs >= promised[batch.Partition], $"{entry.AppendedAtMs} came after {promised[batch.Partition]} was promised");
                seen += batch.Count;
            }
            foreach (var p in partitions)
            {
                var now = consumer.CompleteThroughMs(p);
                Assert.True(now >= promised[p], "the promise went backwards");
                promised[p] = now;
            }
        }
        Volatile.Write(ref stop, 1);
        await appending;
    }

    [Fact]
    public async Task FindOffset_leads_to_the_first_record_of_a_time_or_before()
    {
        var partition = (await AppendAsync(Record("k", "0")))[0].Partition;
        await using var consumer = await ConsumeAsync();
        var last = Assert.Single(await ReadAsync(consumer, 1));
        var records = new List<ReadRecord> { last };
        while (records.Count < 5)
        {
            // Each on a later millisecond than the one before.
            await Eventually.TrueAsync(() => consumer.CompleteThroughMs(partition) > last.AppendedAtMs);
            await AppendAsync(Record("k", $"{records.Count}"));
            records.Add(last = Assert.Single(await ReadAsync(consumer, 1)));
        }
        foreach (var record in records)
        {
            var found = await Log.FindOffsetAsync(Topic, partition, record.AppendedAtMs, Cancellation);
            Assert.InRange(found, records[0].Offset, record.Offset);
        }
        Assert.Equal(records[0].Offset, await Log.FindOffsetAsync(Topic, partition, 0, Cancellation));
        var end = (await Log.DescribeAsync(Topic, Cancellation)).Partitions[partition].EndOffset;
        Assert.Equal(end, await Log.FindOffsetAsync(Topic, partition, last.AppendedAtMs + 3_600_000, Cancellation));
    }
}
