using Millrace.Aggregator.Engine;
using Millrace.Aggregator.Tests.Engine;
using Millrace.Contracts;
using Millrace.Hosting.Ledger;
using Xunit;

namespace Millrace.Aggregator.Tests.Pipeline;

public sealed class CrashTests
{
    private static readonly (string Name, string Value)[] _grouped = [("Streams:shop:GroupBy:0", "country")];

    private static readonly EngineSettings _settings =
        new() { Streams = new Dictionary<string, StreamSettings> { ["shop"] = new StreamSettings { GroupBy = ["country"u8.ToArray()] } } };

    [Theory]
    [InlineData(1, "00:00:01")]
    [InlineData(2, "00:00:00.1")]
    [InlineData(3, "00:00:05")]
    [InlineData(4, "00:00:00.3")]
    public async Task Windows_and_ledger_are_exact_however_often_the_process_dies(int seed, string checkpointInterval)
    {
        await using var rig = await Rig.CreateAsync([.. _grouped, ("CheckpointInterval", checkpointInterval)]);
        var random = new Random(seed);
        var ids = new List<(string Stream, string Id)>();
        var crashes = 0;
        for (var round = 0; round < 15; round++)
        {
            var crash = new CrashPoint(random.Next(1, 120));
            await rig.ReopenAsync(crash);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            var run = rig.RunAsync(stop.Token);
            for (var i = 0; i < 40 && !run.IsCompleted; i++)
            {
                rig.Time.Advance(TimeSpan.FromMilliseconds(random.Next(20) == 0 ? random.Next(6_000) : random.Next(150)));
                await rig.AppendAsync([.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => Workload.Next(random, ids, rig.NowMs))]);
                if (random.Next(3) == 0) await Task.Yield();
            }

            await stop.CancelAsync();
            await rig.AwaitStopAsync(run);
            if (!crash.Happened) continue;
            crashes++;
            Assert.True(run.Exception?.InnerException is null or CrashException, run.Exception?.ToString());
        }

        Assert.InRange(crashes, 3, 15);
        await rig.ReopenAsync();
        var log = (await rig.ReadAllAsync(Topics.Events)).OrderBy(e => e.Entry.AppendedAtMs).ToList();
        var oracle = Oracle.Of(log.Select(e => e.Entry), _settings);
        // Past the furthest future event and its lateness.
        rig.Time.Advance(TimeSpan.FromSeconds(90));
        await rig.RunUntilAsync(async () => await SettledAsync(rig, oracle));

        oracle.AssertMatches(EngineHarness.ViewOf(await rig.WindowsAsync()));
        var late = (await rig.ReadAllAsync(Topics.Late)).Select(e => e.Entry.Headers![Headers.Origin]).ToHashSet();
        Assert.Equal(oracle.LateOrigins(log), late);
    }

    [Fact]
    public async Task Restart_reads_no_more_than_it_must_and_emits_nothing_new()
    {
        await using var rig = await Rig.CreateAsync(_grouped);
        var (random, ids) = (new Random(9), new List<(string Stream, string Id)>());
        for (var i = 0; i < 100; i++)
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(100));
            await rig.AppendAsync([.. Enumerable.Range(0, 20).Select(_ => Workload.Next(random, ids, rig.NowMs))]);
        }

        rig.Time.Advance(TimeSpan.FromSeconds(90));
        var total = (await rig.ReadAllAsync(Topics.Events)).Count;
        await rig.RunUntilAsync(async () => (await rig.CommittedAsync()).Values.Sum() == total);
        var before = await rig.WindowsAsync();

        await rig.ReopenAsync();
        using var stop = new CancellationTokenSource();
        var caughtUp = new TaskCompletionSource();
        var run = rig.RunAsync(stop.Token, caughtUp.SetResult);
        await rig.AwaitAsync(caughtUp.Task);
        await stop.CancelAsync();
        await rig.AwaitStopAsync(run);
        Assert.Equal(before.Count, (await rig.WindowsAsync()).Count);
    }

    private static async Task<bool> SettledAsync(Rig rig, Oracle oracle)
    {
        foreach (var (tenant, expected) in oracle.Counts)
        {
            if (await rig.LedgerAsync(tenant) != new LedgerCounts { Aggregated = expected.Aggregated, Late = expected.Late, Duplicate = expected.Duplicate }) return false;
        }

        var final = EngineHarness.ViewOf((await rig.WindowsAsync()).Where(w => w.Final));
        return final.Count == oracle.Windows.Count && final.All(w => w.Value.Revision == (2 * oracle.Windows[w.Key].Count) + 1);
    }
}
