using Millrace.Aggregator.Engine;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Aggregator.Tests.Engine;

public sealed class DeterminismTests
{
    private const int Events = 3_000;

    private static readonly EngineSettings[] _settings =
    [
        new() { Streams = Grouped },
        new() { Streams = Grouped, SizesMs = [1_000, 5_000, 60_000] },
        new() { Streams = Grouped, SizesMs = [5_000, 10_000], AllowedLatenessMs = 3_000, DuplicateHorizon = TimeSpan.FromSeconds(4) },
    ];

    private static Dictionary<string, StreamSettings> Grouped => new() { ["shop"] = new StreamSettings { GroupBy = ["country"u8.ToArray()] } };

    public static TheoryData<int, int> Cases()
    {
        var cases = new TheoryData<int, int>();
        for (var seed = 1; seed <= 8; seed++)
        {
            for (var settings = 0; settings < _settings.Length; settings++) cases.Add(settings, seed);
        }

        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Windows_and_verdicts_match_the_oracle(int which, int seed)
    {
        var log = Workload.Make(seed, Events);
        var oracle = Oracle.Of(log, _settings[which]);
        var harness = Run(log, _settings[which], new Random(seed), steps: true);
        Assert.Equal(oracle.Late, harness.LateOffsets);
        Assert.Equal(oracle.Counts["acme"], harness.Counts());
        oracle.AssertMatches(EngineHarness.ViewOf(harness.Finals));
        oracle.AssertMatches(harness.View());
        Assert.Equal((0, 0), (harness.Engine.Streams, harness.Live().Engine.OpenWindows));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Verdicts_on_lateness_are_those_of_the_tracker_also_when_it_is_saved_and_goes_on(int which, int seed)
    {
        var settings = _settings[which];
        var log = Workload.Make(seed, Events);
        var (random, identity) = (new Random(seed), new EventIdentity("epoch"));
        var duplicates = new DuplicateFilter(settings.DuplicateCapacity, settings.DuplicateHorizon);
        var tracker = new LatenessTracker(settings.Lateness);
        List<long> late = [];
        foreach (var entry in log)
        {
            Assert.True(EventView.TryParse(entry.Value.Span, out var e));
            var repeated = duplicates.Observe(identity.Of(entry.Key.Span, e.Source, e.Id), entry.AppendedAtMs);
            if (tracker.Observe(entry.Key.Span, e.TimeMs, entry.AppendedAtMs, repeated)) late.Add(entry.Offset);
            if (random.Next(50) == 0) tracker = LatenessTracker.Restore(settings.Lateness, tracker.Save());
        }

        Assert.NotEmpty(late);
        Assert.Equal(Oracle.Of(log, settings).Late, late);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Final_windows_are_the_same_bytes_for_any_batches_and_ticks(int which, int seed)
    {
        var log = Workload.Make(seed, Events);
        var plain = Run(log, _settings[which], new Random(seed), steps: false);
        for (var round = 0; round < 3; round++)
        {
            var stepped = Run(log, _settings[which], new Random((seed * 100) + round), steps: true);
            Assert.Equal(plain.LateOffsets, stepped.LateOffsets);
            var (expected, actual) = (FinalBytes(plain), FinalBytes(stepped));
            Assert.Equal(expected.Count, actual.Count);
            for (var i = 0; i < expected.Count; i++) Assert.Equal(expected[i], actual[i]);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Restart_from_a_checkpoint_tells_the_same_story(int which, int seed)
    {
        var log = Workload.Make(seed, Events);
        var settings = _settings[which];
        var oracle = Oracle.Of(log, settings);
        var truth = FinalBytes(Run(log, settings, new Random(seed), steps: false)).Select(Convert.ToHexString).ToHashSet();
        var random = new Random(seed + 50);
        var (checkpoint, counted) = (PartitionAggregator.BeginAt(0), (Aggregated: 0L, Late: 0L, Duplicate: 0L));
        List<long> late = [];
        List<Contracts.Protos.Window> emitted = [];
        for (var finished = false; !finished;)
        {
            var harness = new EngineHarness(settings, checkpoint.Clone(), checkpoint.ProcessedOffset);
            foreach (var entry in log.Where(e => e.Offset < checkpoint.NextOffset)) harness.Engine.Warm(entry);
            var rest = log.Where(e => e.Offset >= checkpoint.NextOffset).ToList();
            var lateKept = 0;
            for (var at = 0; at < rest.Count && !(finished = random.Next(60) == 0 && checkpoint.ProcessedOffset < log[^1].Offset);)
            {
                var take = Math.Min(rest.Count - at, random.Next(1, 40));
                harness.Engine.Process([.. rest.GetRange(at, take)]);
                at += take;
                if (random.Next(3) == 0) harness.Live();
                if (at < rest.Count && random.Next(3) == 0) harness.Engine.AdvanceTo(random.NextInt64(rest[at - 1].AppendedAtMs, rest[at].AppendedAtMs + 1));
                if (random.Next(6) != 0 || harness.Engine.TakeCheckpoint(rest[at - 1].Offset + 1) is not { } taken) continue;
                checkpoint = EngineCheckpoint.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(taken));
                var counts = harness.Counts();
                counted = (counted.Aggregated + counts.Aggregated, counted.Late + counts.Late, counted.Duplicate + counts.Duplicate);
                lateKept = harness.LateOffsets.Count;
            }

            finished = !finished;
            if (finished)
            {
                harness.Engine.AdvanceTo(log[^1].AppendedAtMs + 4_000_000);
                var counts = harness.Counts();
                counted = (counted.Aggregated + counts.Aggregated, counted.Late + counts.Late, counted.Duplicate + counts.Duplicate);
                lateKept = harness.LateOffsets.Count;
            }

            // What was emitted after the last checkpoint stands on the log too; the late events that were not checkpointed come again.
            late.AddRange(harness.LateOffsets.Take(lateKept));
            emitted.AddRange(harness.Emitted);
            Assert.All(FinalBytes(harness), bytes => Assert.Contains(Convert.ToHexString(bytes), truth));
        }

        Assert.Equal(oracle.Late, late);
        Assert.Equal(oracle.Counts["acme"], counted);
        oracle.AssertMatches(EngineHarness.ViewOf(emitted));
    }

    private static List<byte[]> FinalBytes(EngineHarness harness) => [.. harness.Encoded.Where((_, i) => harness.Emitted[i].Final)];

    private static EngineHarness Run(List<LogEntry> log, EngineSettings settings, Random random, bool steps)
    {
        var harness = new EngineHarness(settings);
        for (var at = 0; at < log.Count;)
        {
            var take = steps ? Math.Min(log.Count - at, random.Next(1, 50)) : log.Count;
            harness.Engine.Process([.. log.GetRange(at, take)]);
            at += take;
            if (!steps || at == log.Count) continue;
            if (random.Next(2) == 0) harness.Live(larger: random.Next(2) == 0);
            if (random.Next(10) == 0) harness.Engine.SkipLive();
            var (from, to) = (log[at - 1].AppendedAtMs, log[at].AppendedAtMs);
            for (var ticks = random.Next(4); ticks > 0; ticks--)
            {
                from = random.NextInt64(from, to + 1);
                harness.Engine.AdvanceTo(from);
            }
        }

        // Past the end of the furthest window and its lateness.
        harness.Engine.AdvanceTo(log[^1].AppendedAtMs + 4_000_000);
        return harness;
    }
}
