using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Contract.Suites;

public abstract partial class EventLogContract
{
    [Fact]
    public async Task Append_records_come_back_as_they_were()
    {
        var positions = await AppendAsync(Record("a", "1"), Record("b", "2"), Record("a", "3"));
        await using var consumer = await ConsumeAsync();
        var read = await ReadAsync(consumer, 3);
        Assert.Equal(["1", "2", "3"], read.Select(r => r.Value).Order());
        foreach (var (position, value) in positions.Zip(["1", "2", "3"]))
        {
            var record = Assert.Single(read, r => r.Value == value);
            Assert.Equal(position, new LogPosition(record.Partition, record.Offset));
        }
    }

    [Fact]
    public async Task Append_of_one_key_keeps_order_within_and_across_calls()
    {
        for (var call = 0; call < 20; call++) await AppendAsync([.. Enumerable.Range(0, 10).Select(i => Record("key", $"{(call * 10) + i}"))]);
        await using var consumer = await ConsumeAsync();
        var read = await ReadAsync(consumer, 200);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), read.Select(r => r.Value));
        Assert.Single(read.Select(r => r.Partition).Distinct());
        Assert.All(read.Zip(read.Skip(1)), pair => Assert.True(pair.First.Offset < pair.Second.Offset));
    }

    [Fact]
    public async Task Append_partition_follows_from_the_key_alone_also_after_reopening()
    {
        var keys = Enumerable.Range(0, 50).Select(i => $"key-{i}").ToArray();
        var before = await AppendAsync([.. keys.Select(k => Record(k, ""))]);
        await ReopenAsync();
        var after = await AppendAsync([.. keys.Select(k => Record(k, "again"))]);
        Assert.Equal(before.Select(p => p.Partition), after.Select(p => p.Partition));
        Assert.True(before.Select(p => p.Partition).Distinct().Count() > 1, "50 keys should not all go to one partition");
    }

    [Fact]
    public async Task Append_concurrent_calls_lose_and_double_nothing()
    {
        const int Callers = 32, Calls = 40;
        var positions = new LogPosition[Callers][];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            positions[caller] = new LogPosition[Calls];
            for (var i = 0; i < Calls; i++) positions[caller][i] = (await AppendAsync(Record($"caller-{caller}", $"{caller}:{i}")))[0];
        })));
        await using var consumer = await ConsumeAsync();
        var read = await ReadAsync(consumer, Callers * Calls);
        for (var caller = 0; caller < Callers; caller++)
        {
            var own = read.Where(r => r.Key == $"caller-{caller}").ToArray();
            Assert.Equal(Enumerable.Range(0, Calls).Select(i => $"{caller}:{i}"), own.Select(r => r.Value));
            Assert.Equal(positions[caller], own.Select(r => new LogPosition(r.Partition, r.Offset)));
        }
        Assert.Equal(read.Count, read.Select(r => (r.Partition, r.Offset)).Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Append_acknowledged_records_are_there_after_reopening(bool crash)
    {
        await AppendAsync([.. Enumerable.Range(0, 100).Select(i => Record($"k{i % 7}", $"{i}"))]);
        await ReopenAsync(crash);
        await AppendAsync(Record("k0", "later"));
        await using var consumer = await ConsumeAsync();
        var read = await ReadAsync(consumer, 101);
        Assert.Equal(101, read.Select(r => r.Value).Distinct().Count());
        foreach (var partition in read.GroupBy(r => r.Partition))
            Assert.Equal(partition.OrderBy(r => r.Offset).Select(r => r.Offset), partition.Select(r => r.Offset));
    }

    [Fact]
    public async Task Append_without_room_for_positions_works_and_with_too_little_is_refused()
    {
        LogRecord[] records = [Record("a", "1"), Record("a", "2")];
        await Log.AppendAsync(Topic, records, Memory<LogPosition>.Empty, Cancellation);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Log.AppendAsync(Topic, records, new LogPosition[1], Cancellation));
        await Log.AppendAsync(Topic, ReadOnlyMemory<LogRecord>.Empty, Memory<LogPosition>.Empty, Cancellation);
        await using var consumer = await ConsumeAsync();
        Assert.Equal(["1", "2"], (await ReadAsync(consumer)).Select(r => r.Value));
    }

    [Fact]
    public async Task Append_memory_may_be_reused_once_the_call_has_completed()
    {
        var value = new byte[100];
        for (var i = 0; i < 50; i++)
        {
            value.AsSpan().Fill((byte)('a' + (i % 26)));
            await Log.AppendAsync(Topic, new[] { new LogRecord(Payloads.Utf8("key"), value) }, Memory<LogPosition>.Empty, Cancellation);
        }
        await using var consumer = await ConsumeAsync();
        var read = await ReadAsync(consumer, 50);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => new string((char)('a' + (i % 26)), 100)), read.Select(r => r.Value));
    }

    [Fact]
    public async Task Append_headers_come_back_with_their_records()
    {
        var shared = new Dictionary<string, string> { ["traceparent"] = "00-aa-bb-01", ["näme"] = "wert ✓" };
        var own = new Dictionary<string, string> { ["origin"] = "3:77" };
        await AppendAsync(Record("k", "1", shared), Record("k", "2", shared), Record("k", "3"), Record("k", "4", own), Record("k", "5", shared));
        await using var consumer = await ConsumeAsync();
        var read = await ReadAsync(consumer, 5);
        Assert.Equal(shared, read[0].Headers!.ToDictionary());
        Assert.Equal(shared, read[1].Headers!.ToDictionary());
        Assert.Null(read[2].Headers);
        Assert.Equal(own, read[3].Headers!.ToDictionary());
        Assert.Equal("00-aa-bb-01", read[4].Headers!["traceparent"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(131_000)]
    [InlineData(131_072)]
    [InlineData(1_000_000)]
    [InlineData(16 << 20)]
    public async Task Append_a_record_of_any_allowed_size_comes_back_whole(int size)
    {
        if (WhyItCannotHold(size) is { } reason) Assert.Skip(reason);
        var value = Payloads.Random(size);
        await AppendAsync(Record("key", "before"));
        await Log.AppendAsync(Topic, new[] { new LogRecord(Payloads.Utf8("key"), value) }, Memory<LogPosition>.Empty, Cancellation);
        await AppendAsync(Record("key", "after"));
        await ReopenAsync(crash: true);
        await using var consumer = await ConsumeAsync();
        var values = new List<byte[]>();
        while (values.Count < 3)
        {
            using var batch = await consumer.ReadAsync(Patience, Cancellation);
            Assert.NotNull(batch);
            foreach (var entry in batch.Entries) values.Add(entry.Value.ToArray());
        }
        Assert.Equal("before", Payloads.Text(values[0]));
        Assert.True(value.AsSpan().SequenceEqual(values[1]));
        Assert.Equal("after", Payloads.Text(values[2]));
    }

    [Fact]
    public async Task Append_a_record_beyond_the_limit_is_refused_for_good()
    {
        LogRecord[] records = [new LogRecord(Payloads.Utf8("key"), new byte[(16 << 20) + 1])];
        var refusal = await Assert.ThrowsAsync<EventLogException>(async () => await Log.AppendAsync(Topic, records, Memory<LogPosition>.Empty, Cancellation));
        Assert.False(refusal.Retryable);
    }

    [Fact]
    public async Task Append_an_empty_key_has_a_partition_too()
    {
        var positions = await AppendAsync(Record("", "1"), Record("", "2"));
        Assert.Equal(positions[0].Partition, positions[1].Partition);
        await using var consumer = await ConsumeAsync();
        Assert.Equal(["1", "2"], (await ReadAsync(consumer, 2)).Select(r => r.Value));
    }

    [Fact]
    public async Task Append_cancelled_before_it_began_appends_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        LogRecord[] records = [Record("k", "never")];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Log.AppendAsync(Topic, records, Memory<LogPosition>.Empty, cancelled.Token));
        await AppendAsync(Record("k", "only"));
        await using var consumer = await ConsumeAsync();
        Assert.Equal(["only"], (await ReadAsync(consumer)).Select(r => r.Value));
    }

    [Fact]
    public async Task Append_cancelled_at_any_moment_leaves_the_log_whole()
    {
        for (var i = 0; i < 200; i++)
        {
            using var cancellation = new CancellationTokenSource();
            LogRecord[] records = [Record("cancelled", $"{i}")];
            var append = Log.AppendAsync(Topic, records, Memory<LogPosition>.Empty, cancellation.Token).AsTask();
            if (i % 3 == 0) await Task.Yield();
            await cancellation.CancelAsync();
            // Either way is right; what matters is that it ends, and what the log holds afterwards.
            await Task.WhenAny(append, Task.Delay(Patience, Cancellation));
            Assert.True(append.IsCompleted);
            Assert.False(append.IsFaulted);
        }
        await AppendAsync(Record("cancelled", "last"));
        await using var consumer = await ConsumeAsync();
        var values = (await ReadAsync(consumer)).Select(r => r.Value).ToArray();
        Assert.Equal("last", values[^1]);
        var numbers = values[..^1].Select(int.Parse).ToArray();
        Assert.Equal(numbers.Distinct().Order(), numbers);
    }
}
