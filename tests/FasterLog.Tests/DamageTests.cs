using System.Text.Json.Nodes;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Contract.Suites;
using Millrace.Ports.EventLog;
using Xunit;
using static Millrace.FasterLog.Tests.LogExtensions;

namespace Millrace.FasterLog.Tests;

/// <summary>Files that are not as they were left.</summary>
public sealed class DamageTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    private string TopicDirectory => _fixture.Directory.File("log", "topics", TestTopic);

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(70_000)]
    public async Task Tail_cut_off_leaves_the_records_before_it_and_no_offset_is_used_again(int bytes)
    {
        await CheckTailAsync(path =>
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            RandomAccess.SetLength(file, DataLength(path) - bytes);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(70_000)]
    public async Task Tail_garbled_leaves_the_records_before_it_and_no_offset_is_used_again(int bytes)
    {
        await CheckTailAsync(path =>
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            RandomAccess.Write(file, Payloads.Random(bytes), DataLength(path) - bytes);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tail_with_garbage_behind_it_keeps_every_record(bool inNewFile)
    {
        int written;
        await using (var log = _fixture.Open()) written = await log.FillAsync("k", 300_000);
        var (last, path) = LastFile();
        if (inNewFile) File.WriteAllBytes(SegmentDevice.PathOf(TopicDirectory, last + 1), Payloads.Random(100_000));
        else await File.AppendAllBytesAsync(path, Payloads.Random(10_000));
        await using (var log = _fixture.Open())
        {
            Assert.Equal(Numbers(0, written), await log.ReadAllAsync());
            written += await log.FillAsync("k", 300_000, first: written);
        }
        await using var again = _fixture.Open();
        Assert.Equal(Numbers(0, written), await again.ReadAllAsync());
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("garbled")]
    [InlineData("empty")]
    public async Task Index_lost_is_found_again_by_a_scan(string how)
    {
        int written;
        LogPosition[] marked;
        await using (var log = _fixture.Open())
        {
            written = await log.FillAsync("k", 700_000);
            marked = await log.AppendAsync("k", "marked:");
            await log.FillAsync("k", 700_000, first: written);
        }
        var index = Path.Combine(TopicDirectory, "index");
        if (how == "missing") File.Delete(index);
        else await File.WriteAllBytesAsync(index, how == "empty" ? [] : Payloads.Random((int)new FileInfo(index).Length));
        await using var again = _fixture.Open();
        var p = marked[0].Partition;
        await using var consumer = await again.OpenConsumerAsync(
            TestTopic, new LogConsumerOptions { StartAt = (a, _) => new(a.Partition == p ? marked[0].Offset : 0) }, default);
        var read = await again.ReadAllAsync(consumer);
        Assert.Equal("marked", read[0]);
        Assert.Equal(Numbers(written, written), read.Skip(1));
    }

    [Fact]
    public async Task Damage_before_the_saved_index_is_named_and_met_again_at_each_read()
    {
        int written;
        await using (var log = _fixture.Open()) written = await log.FillAsync("k", 1_000_000);
        using (var file = File.OpenHandle(SegmentDevice.PathOf(TopicDirectory, 1), FileMode.Open, FileAccess.Write))
            RandomAccess.Write(file, Payloads.Random(2_000), 100_000);
        await using var again = _fixture.Open();
        await using var consumer = await again.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        var before = new List<string>();
        EventLogException? damage = null;
        while (damage is null)
        {
            try
            {
                using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(10), default);
                Assert.NotNull(batch);
                foreach (var entry in batch.Entries) before.Add(Payloads.Text(entry.Value).Split(':')[0]);
            }
            catch (EventLogException e)
            {
                damage = e;
            }
        }
        Assert.False(damage.Retryable);
        Assert.InRange(before.Count, 1, written - 1);
        Assert.Equal(Numbers(0, before.Count), before);
        Assert.Contains(TestTopic, damage.Message, StringComparison.Ordinal);
        Assert.Contains($"from offset {before.Count} to ", damage.Message, StringComparison.Ordinal);
        var second = await Assert.ThrowsAsync<EventLogException>(async () => await consumer.ReadAsync(TimeSpan.Zero, default));
        Assert.Equal(damage.Message, second.Message);
        // Whoever stands behind the damage is not hindered by it.
        await using var behind = await again.OpenConsumerAsync(TestTopic, new LogConsumerOptions { StartFrom = LogStart.Latest }, default);
        await again.AppendAsync("k", "after:");
        Assert.Equal(["after"], await again.ReadAllAsync(behind));
    }

    [Fact]
    public async Task Files_shorter_than_what_was_durable_lose_records_but_never_reuse_offsets()
    {
        int written;
        await using (var log = _fixture.Open()) written = await log.FillAsync("k", 1_000_000);
        var (last, _) = LastFile();
        Assert.True(last >= 3);
        for (var segment = 2; segment <= last; segment++) File.Delete(SegmentDevice.PathOf(TopicDirectory, segment));
        await using (var log = _fixture.Open())
        {
            var rest = await log.ReadAllAsync();
            Assert.InRange(rest.Count, 1, written - 1);
            Assert.Equal(Numbers(0, rest.Count), rest);
            var position = (await log.AppendAsync("k", "new:"))[0];
            Assert.True(position.Offset >= written, $"offset {position.Offset} had been given out before");
        }
        await using var again = _fixture.Open();
        Assert.Equal("new", (await again.ReadAllAsync())[^1]);
    }

    [Fact]
    public async Task Topic_file_gone_with_records_there_is_not_taken_for_a_new_topic()
    {
        await using (var log = _fixture.Open()) await log.AppendAsync("k", "1");
        File.Delete(Path.Combine(TopicDirectory, "topic.json"));
        await using var again = _fixture.Open();
        var refusal = await Assert.ThrowsAsync<EventLogException>(async () => await again.AppendAsync("k", "2"));
        Assert.Contains("topic.json", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"partitions\": 4", "\"partitions\": 5")]
    [InlineData("\"page_bytes\": 65536", "\"page_bytes\": 65537")]
    [InlineData("\"page_bytes\": 65536", "\"page_bytes\": 131072")]
    [InlineData("\"segment_bytes\": 262144", "\"segment_bytes\": 0")]
    [InlineData("\"epoch\": \"", "\"epoch\": \"f")]
    public async Task Topic_file_that_is_not_as_it_was_written_is_refused(string written, string found)
    {
        await using (var log = _fixture.Open()) await log.AppendAsync("k", "1");
        var path = Path.Combine(TopicDirectory, "topic.json");
        var text = await File.ReadAllTextAsync(path);
        Assert.Contains(written, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace(written, found, StringComparison.Ordinal));

        var refusal = Assert.Throws<EventLogException>(() => _fixture.Open());

        Assert.Contains("topic.json is damaged", refusal.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text);
        await using var again = _fixture.Open();
        Assert.Equal(["1"], await again.ReadAllAsync());
    }

    [Fact]
    public async Task Topic_file_from_before_there_was_a_checksum_is_read()
    {
        await using (var log = _fixture.Open()) await log.AppendAsync("k", "1");
        var path = Path.Combine(TopicDirectory, "topic.json");
        var file = JsonNode.Parse(await File.ReadAllTextAsync(path))!.AsObject();
        Assert.True(file.Remove("check"));
        await File.WriteAllTextAsync(path, file.ToJsonString());

        await using var again = _fixture.Open();
        Assert.Equal(["1"], await again.ReadAllAsync());
    }

    [Fact]
    public async Task File_with_the_number_of_no_file_of_the_log_is_named_and_not_searched_for_what_stands_before_it()
    {
        await using (var log = _fixture.Open()) await log.AppendAsync("k", "1");
        var stray = SegmentDevice.PathOf(TopicDirectory, 2_000_000_000);
        File.Copy(SegmentDevice.PathOf(TopicDirectory, 0), stray);

        var refusal = Assert.Throws<EventLogException>(() => _fixture.Open());

        Assert.Contains(stray, refusal.Message, StringComparison.Ordinal);
        File.Delete(stray);
        await using var again = _fixture.Open();
        Assert.Equal(["1"], await again.ReadAllAsync());
    }

    [Fact]
    public async Task Record_behind_zeros_at_the_end_of_the_last_page_reaches_a_reader_that_stood_before_them()
    {
        await using (var log = _fixture.Open()) await log.FillAsync("k", 20_000);
        var (_, path) = LastFile();
        var bytes = await File.ReadAllBytesAsync(path);
        // FasterLog takes such zeros for the empty rest of the page, and would go on with the next one.
        bytes.AsSpan((int)DataLength(path) - 300, 300).Clear();
        await File.WriteAllBytesAsync(path, bytes);
        await using var again = _fixture.Open(options => options.OnDamage = DamagePolicy.Skip);
        await using var consumer = await again.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        await again.ReadAllAsync(consumer);

        await again.AppendAsync("k", "after:");

        Assert.Equal("after", Assert.Single(await again.ReadAllAsync(consumer)));
        Assert.NotEmpty(again.Topics.Single().Damages);
    }

    [Fact]
    public async Task Last_file_gone_with_another_behind_it_is_a_loss_and_no_failure()
    {
        await using (var log = _fixture.Open()) await log.FillAsync("k", 1_000_000);
        var (last, path) = LastFile();
        File.Delete(path);
        File.Copy(SegmentDevice.PathOf(TopicDirectory, 0), SegmentDevice.PathOf(TopicDirectory, last + 3));
        await using var again = _fixture.Open(options => options.OnDamage = DamagePolicy.Skip);

        var rest = await again.ReadAllAsync();

        Assert.Equal(Numbers(0, rest.Count), rest);
        await again.AppendAsync("k", "after:");
        Assert.Equal("after", (await again.ReadAllAsync())[^1]);
    }

    [Fact]
    public async Task Group_file_torn_in_one_slot_falls_back_to_the_commit_before()
    {
        await using (var log = _fixture.Open())
        {
            var positions = await log.AppendAsync("k", "0", "1", "2");
            await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "g" }, default);
            await consumer.CommitAsync(positions[0].Partition, 1, default);
            await consumer.CommitAsync(positions[0].Partition, 2, default);
        }
        var path = Path.Combine(TopicDirectory, "groups", "g.group");
        // Sequence numbers: 1 at opening, 2 and 3 for the commits; an odd one lies in the second slot.
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write)) RandomAccess.Write(file, [0x55, 0x55], 4096 + 26);
        await using var again = _fixture.Open();
        Assert.Equal([1L], (await again.GetCommittedAsync(TestTopic, "g", default)).Values);
    }

    /// <summary>Damages the tail of records that a crash left unindexed, and checks what is left.</summary>
    private async Task CheckTailAsync(Action<string> damage)
    {
        int written;
        LogPosition last;
        var commit = 0L;
        await using (var log = _fixture.Open())
        {
            written = await log.FillAsync("k", 150_000);
            last = (await log.AppendAsync("k", $"{written}:"))[0];
            await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "g" }, default);
            await log.ReadAllAsync(consumer);
            await consumer.CommitAsync(last.Partition, commit = last.Offset + 1, default);
        }
        File.Delete(Path.Combine(TopicDirectory, "index"));
        damage(LastFile().Path);
        LogPosition added;
        List<string> kept;
        await using (var log = _fixture.Open())
        {
            kept = await log.ReadAllAsync();
            Assert.True(kept.Count <= written);
            Assert.Equal(Numbers(0, kept.Count), kept);
            added = (await log.AppendAsync("k", "added:"))[0];
            Assert.True(added.Offset >= commit, $"offset {added.Offset} was read before the damage, by a group at {commit}");
        }
        await using var again = _fixture.Open();
        Assert.Equal([.. kept, "added"], await again.ReadAllAsync());
        await using var group = await again.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = "g" }, default);
        Assert.Equal(["added"], await again.ReadAllAsync(group));
        Assert.Equal(added.Offset + 1, (await again.BoundsAsync(added.Partition)).EndOffset);
    }

    private (int Segment, string Path) LastFile()
    {
        var last = SegmentDevice.List(TopicDirectory).Keys.Max();
        return (last, SegmentDevice.PathOf(TopicDirectory, last));
    }

    /// <summary>A file's length without the zeros that fill its last block.</summary>
    private static long DataLength(string path)
    {
        var bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
    }
}
