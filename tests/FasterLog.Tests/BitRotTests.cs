using Microsoft.Extensions.Options;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Contract.Suites;
using Millrace.Hosting.Incidents;
using Millrace.Ports.EventLog;
using Xunit;
using static Millrace.FasterLog.Tests.LogExtensions;

namespace Millrace.FasterLog.Tests;

/// <summary>Bytes that change on the disk: what is lost is named to the record, and nothing else is lost, doubled or served wrongly.</summary>
public sealed class BitRotTests : IDisposable
{
    private const int Records = 900;
    private static readonly string[] Keys = ["a", "b", "c", "d", "e", "f"];
    private readonly LogFixture _fixture = new();

    private string TopicDirectory => _fixture.Directory.File("log", "topics", TestTopic);

    public void Dispose() => _fixture.Dispose();

    public static TheoryData<string, bool, int> Cases()
    {
        var cases = new TheoryData<string, bool, int>();
        foreach (var how in new[] { "bit", "length", "sector", "page", "random", "short", "gone" })
        {
            foreach (var indexed in new[] { true, false })
            {
                for (var seed = 1; seed <= 4; seed++) cases.Add(how, indexed, seed);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Damage_in_the_middle_costs_what_stood_there_and_names_it(string how, bool indexed, int seed)
    {
        var written = await WriteAsync(seed);
        // Without the index the start meets the damage; with it, the reader does.
        if (!indexed) File.Delete(Path.Combine(TopicDirectory, "index"));
        Harm(how, new Random(seed));

        await using var log = _fixture.Open(options => options.OnDamage = DamagePolicy.Skip);
        var read = await ReadAsync(log);
        var damages = log.Topics.Single().Damages;

        Assert.NotEmpty(damages);
        foreach (var (position, text) in read) Assert.Equal(written[position], text);
        var lost = written.Keys.Except(read.Select(one => one.Position)).ToList();
        var named = damages.SelectMany(damage => damage.Ranges).ToList();
        Assert.All(lost, position => Assert.Contains(
            named, range => range.Partition == position.Partition && position.Offset >= range.First && position.Offset <= (range.Last ?? long.MaxValue)));
        // Nearly all of it is still there: what is lost lies within the damaged bytes.
        Assert.True(lost.Count * 1000L <= damages.Sum(damage => damage.To - damage.From) + 1000, $"{lost.Count} records lost in {damages.Count} parts");
        // Offsets of lost records are not given to others.
        var added = (await log.AppendAsync("a", "after"))[0];
        Assert.True(added.Offset > written.Keys.Where(position => position.Partition == added.Partition).Max(position => position.Offset));
        Assert.Equal((added, "after"), (await ReadAsync(log)).Single(one => one.Text == "after"));
    }

    [Fact]
    public async Task Damage_stops_a_reader_there_by_default_and_says_what_to_do()
    {
        await WriteAsync(1);
        File.Delete(Path.Combine(TopicDirectory, "index"));
        Harm("sector", new Random(1));
        var incidents = new IncidentLog(Options.Create(new IncidentOptions()), TimeProvider.System);
        await using var log = _fixture.Open(incidents: incidents);

        var refusal = await Assert.ThrowsAsync<EventLogException>(() => ReadAsync(log));

        Assert.False(refusal.Retryable);
        var damage = Assert.Single(log.Topics.Single().Damages);
        Assert.Contains(damage.Lost, Assert.Single(incidents.Take(all: true)).Report.Cause, StringComparison.Ordinal);
        Assert.Contains(damage.Lost, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("OnDamage", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(damage.PlaceIn(TopicDirectory, new LogGeometry(1 << 16, 1 << 18, 8)), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_of_a_record_that_look_like_an_entry_are_not_taken_for_one()
    {
        // An entry of this very log, with its checksums, as the content of a record.
        await using (var log = _fixture.Open()) await log.AppendAsync("a", "bait");
        var file = SegmentDevice.PathOf(TopicDirectory, 0);
        var entry = (await File.ReadAllBytesAsync(file))[64..160];
        Directory.Delete(_fixture.Directory.File("log"), recursive: true);
        LogPosition[] last;
        await using (var log = _fixture.Open())
        {
            await log.AppendAsync("a", "first");
            // Four copies, so that one of them lies where an entry could.
            byte[] bait = [.. new byte[400], .. entry, 0, .. entry, 0, .. entry, 0, .. entry];
            await log.AppendAsync(TestTopic, new[] { new LogRecord("a"u8.ToArray(), bait) }, Memory<LogPosition>.Empty, default);
            last = await log.AppendAsync("a", "last");
        }

        var bytes = await File.ReadAllBytesAsync(file);
        var at = bytes.AsSpan().IndexOf(entry) - 200;
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        await using var again = _fixture.Open(options => options.OnDamage = DamagePolicy.Skip);

        Assert.Equal(["first", "last"], (await ReadAsync(again)).Select(one => one.Text));
        Assert.Equal([new LostRange(last[0].Partition, last[0].Offset - 1, last[0].Offset - 1)], Assert.Single(again.Topics.Single().Damages).Ranges);
    }

    private async Task<Dictionary<LogPosition, string>> WriteAsync(int seed)
    {
        var random = new Random(seed);
        var written = new Dictionary<LogPosition, string>();
        await using var log = _fixture.Open();
        for (var i = 0; i < Records;)
        {
            var key = Keys[random.Next(Keys.Length)];
            // Mostly small ones, and some that take many entries.
            var texts = Enumerable.Range(i, random.Next(1, 8)).Select(n => $"{n}:{new string('x', n % 100 == 99 ? 20_000 : random.Next(900, 1100))}").ToArray();
            var positions = await log.AppendAsync(key, texts);
            for (var n = 0; n < texts.Length; n++) written[positions[n]] = texts[n];
            i += texts.Length;
        }

        return written;
    }

    private void Harm(string how, Random random)
    {
        var segments = SegmentDevice.List(TopicDirectory).Keys.ToList();
        Assert.True(segments.Count >= 4);
        var path = SegmentDevice.PathOf(TopicDirectory, segments[segments.Count / 2]);
        var bytes = File.ReadAllBytes(path);
        var at = random.Next(70_000, bytes.Length - 140_000);
        switch (how)
        {
            case "bit": bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case "length": bytes.AsSpan(LengthNear(bytes, at), 4).Clear(); break;
            case "sector": bytes.AsSpan(at / 512 * 512, 512).Clear(); break;
            case "page": bytes.AsSpan(at / 4096 * 4096, 4096 * 3).Clear(); break;
            case "random": random.NextBytes(bytes.AsSpan(at, random.Next(1, 9_000))); break;
            case "short": Array.Resize(ref bytes, at); break;
            case "gone": File.Delete(path); return;
            default: throw new ArgumentOutOfRangeException(nameof(how));
        }

        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Where the length of an entry behind a place stands: right before its checksum, version 1 and flags 0 or 1.</summary>
    private static int LengthNear(byte[] segment, int from)
    {
        for (var at = from / 4 * 4; ; at += 4)
        {
            var length = BitConverter.ToInt32(segment, at + 8);
            if (length is >= 28 and <= 8192 && segment[at + 16] == 1 && segment[at + 17] <= 1 && segment[at + 19] == 0) return at + 8;
        }
    }

    private static async Task<List<(LogPosition Position, string Text)>> ReadAsync(IEventLog log)
    {
        var read = new List<(LogPosition, string)>();
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        while (await consumer.ReadAsync(TimeSpan.Zero, default) is { } batch)
        {
            using (batch)
            {
                foreach (var entry in batch.Entries) read.Add((new LogPosition(batch.Partition, entry.Offset), Payloads.Text(entry.Value)));
            }
        }

        return read;
    }
}
