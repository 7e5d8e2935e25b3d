using Millrace.Aggregator.Engine;
using Millrace.Aggregator.Tests.Engine;
using Millrace.Contract.Suites;
using Millrace.Contracts;
using Millrace.Hosting.Ledger;
using Xunit;

namespace Millrace.Aggregator.Tests.Pipeline;

/// <summary>Instances come and go, and partitions go from one to the other, while events flow.</summary>
public sealed class SeveralInstancesTests
{
    private static readonly (string Name, string Value)[] _grouped = [("Streams:shop:GroupBy:0", "country"), ("CheckpointInterval", "00:00:00.4")];

    private static readonly EngineSettings _settings =
        new() { Streams = new Dictionary<string, StreamSettings> { ["shop"] = new StreamSettings { GroupBy = ["country"u8.ToArray()] } } };

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Windows_and_ledger_are_exact_however_partitions_move(int seed)
    {
        await using var rig = await Rig.CreateAsync(_grouped);
        RebalancingLog? group = null;
        await rig.ReopenAsync(wrapLog: inner => group = new RebalancingLog(inner));
        var random = new Random(seed);
        var ids = new List<(string Stream, string Id)>();
        var running = new List<(Task Run, CancellationTokenSource Stop)>();
        var expired = new List<RebalancingLog.Member>();
        var (sharing, expiries) = (0, 0);
        for (var round = 0; round < 30; round++)
        {
            running.RemoveAll(one => one.Run.IsFaulted && Lost(one.Run));
            if (running.Count < 3 && (running.Count == 0 || random.Next(3) > 0)) running.Add(Start(rig));
            else await StopAsync(rig, running, random.Next(running.Count));
            if (running.Count > 1) sharing++;
            // One falls silent, others take over, and it comes back believing that nothing has happened.
            if (random.Next(2) == 0 && running.Count > 1 && group!.Expire() is { } silent) expired.Add(silent);
            else expired.ForEach(member => member.Wake());
            expiries = Math.Max(expiries, expired.Count);
            for (var i = 0; i < 20; i++)
            {
                rig.Time.Advance(TimeSpan.FromMilliseconds(random.Next(20) == 0 ? random.Next(4_000) : random.Next(150)));
                await rig.AppendAsync([.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => Workload.Next(random, ids, rig.NowMs))]);
                if (random.Next(3) == 0) await Task.Yield();
            }
        }

        Assert.True(sharing > 5 && expiries > 2, $"too little happened: {sharing} rounds shared, {expiries} members expired");
        while (running.Count > 0) await StopAsync(rig, running, 0);

        var log = (await rig.ReadAllAsync(Topics.Events)).OrderBy(e => e.Entry.AppendedAtMs).ToList();
        var oracle = Oracle.Of(log.Select(e => e.Entry), _settings);
        rig.Time.Advance(TimeSpan.FromSeconds(90));
        await rig.RunUntilAsync(async () => await SettledAsync(rig, oracle));
        oracle.AssertMatches(EngineHarness.ViewOf(await rig.WindowsAsync()));
        Assert.Equal(oracle.LateOrigins(log), (await rig.ReadAllAsync(Topics.Late)).Select(e => e.Entry.Headers![Headers.Origin]).ToHashSet());
    }

    // One that has lost a partition to another and noticed late ends; its worker would run it again.
    private static bool Lost(Task run)
    {
        Assert.IsType<Storage.PartitionLostException>(run.Exception!.InnerException);
        return true;
    }

    private static (Task Run, CancellationTokenSource Stop) Start(Rig rig)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        return (rig.RunAsync(stop.Token), stop);
    }

    private static async Task StopAsync(Rig rig, List<(Task Run, CancellationTokenSource Stop)> running, int index)
    {
        var (run, stop) = running[index];
        running.RemoveAt(index);
        await stop.CancelAsync();
        await rig.AwaitStopAsync(run);
        stop.Dispose();
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
