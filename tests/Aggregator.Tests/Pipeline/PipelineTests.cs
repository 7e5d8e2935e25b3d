using Millrace.Aggregator.Tests.Engine;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Ledger;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;

namespace Millrace.Aggregator.Tests.Pipeline;

public sealed class PipelineTests
{
    [Fact]
    public async Task Sum_over_final_windows_of_100_000_events_is_exact()
    {
        const int Events = 100_000;
        await using var rig = await Rig.CreateAsync();
        var (sum, good, late, duplicates) = (0L, 0L, 0L, 0L);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = rig.RunAsync(stop.Token);
        for (var at = 0; at < Events; at += 500)
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(50));
            var batch = new List<(string, Event)>();
            for (var i = at; i < at + 500; i++)
            {
                var (repeats, tooLate) = (i % 100 == 99, i % 100 == 50);
                if (repeats) duplicates++;
                else if (tooLate) late++;
                else (good, sum) = (good + 1, sum + i);
                // A repetition says something else in the same name: it must not be seen.
                batch.Add(Sale($"id-{(repeats ? i - 1 : i)}", rig.NowMs - (tooLate ? 3_600_000 : i % 400), i, $"t{i % 3}"));
            }

            await rig.AppendAsync(batch);
        }

        var closed = rig.NowMs + 5_000;
        await Eventually.TrueAsync(
            async () =>
            {
                if (run.IsFaulted) await run;
                rig.Time.Advance(TimeSpan.FromMilliseconds(100));
                return await rig.LedgerAsync("acme") == new LedgerCounts { Aggregated = good, Late = late, Duplicate = duplicates } && rig.NowMs > closed;
            },
            TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await rig.AwaitStopAsync(run);

        var final = EngineHarness.ViewOf((await rig.WindowsAsync()).Where(w => w.Final));
        Assert.Equal(good, final.Values.Sum(w => (long)w.Count));
        Assert.Equal(sum, final.Values.Sum(w => w.Values.Single().Sum));
        Assert.Equal(late, (await rig.ReadAllAsync(Topics.Late)).Count);
    }

    [Fact]
    public async Task Changed_window_is_emitted_live_within_the_interval_and_final_when_time_has_passed()
    {
        await using var rig = await Rig.CreateAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var caughtUp = new TaskCompletionSource();
        var run = rig.RunAsync(stop.Token, caughtUp.SetResult);
        await rig.AwaitAsync(caughtUp.Task);
        await rig.AppendAsync([Sale("a", rig.NowMs, 1)], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        var started = rig.NowMs;
        await UntilWindowsAsync(rig, 1);
        Assert.InRange(rig.NowMs - started, 0, 500);
        await UntilWindowsAsync(rig, 2);
        var end = ((started / 1_000) + 1) * 1_000;
        Assert.InRange(rig.NowMs - end, 2_500, 4_500);
        await stop.CancelAsync();
        await rig.AwaitStopAsync(run);

        var records = await rig.ReadAllAsync(Topics.Windows);
        var windows = records.Select(r => Window.Parser.ParseFrom(r.Entry.Value.Span)).ToList();
        Assert.Equal([(2, false), (3, true)], windows.Select(w => (w.Revision, w.Final)));
        Assert.All(records, r => Assert.Equal("acme/shop", System.Text.Encoding.UTF8.GetString(r.Entry.Key.Span)));
        Assert.All(records, r => Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", r.Entry.Headers![Headers.TraceParent]));
    }

    [Fact]
    public async Task Late_event_is_copied_with_its_origin()
    {
        await using var rig = await Rig.CreateAsync();
        await rig.AppendAsync([Sale("a", rig.NowMs - 60_000, 1)], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await rig.RunUntilAsync(async () => (await rig.LedgerAsync("acme")).Late == 1);
        var late = Assert.Single(await rig.ReadAllAsync(Topics.Late));
        var (partition, original) = Assert.Single(await rig.ReadAllAsync(Topics.Events));
        Assert.Equal(original.Value.ToArray(), late.Entry.Value.ToArray());
        Assert.Equal(original.Key.ToArray(), late.Entry.Key.ToArray());
        Assert.Equal($"{partition}:{original.Offset}", late.Entry.Headers![Headers.Origin]);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", late.Entry.Headers![Headers.TraceParent]);
    }

    [Fact]
    public async Task Checkpoint_of_another_epoch_is_not_used()
    {
        await using var rig = await Rig.CreateAsync();
        await rig.AppendAsync([Sale("a", rig.NowMs, 1)]);
        await rig.RunUntilAsync(async () => (await rig.CommittedAsync()).Values.Sum() == 1);
        await rig.ExecuteAsync("UPDATE aggregator_checkpoints SET epoch = 'another'");
        await rig.ReopenAsync();
        var before = (await rig.WindowsAsync()).Count;
        await rig.RunUntilAsync(async () => (await rig.WindowsAsync()).Count > before);
        // What the ledger has counted it does not count again.
        Assert.Equal(new LedgerCounts { Aggregated = 1 }, await rig.LedgerAsync("acme"));
    }

    [Fact]
    public async Task Record_that_is_no_event_is_passed_over()
    {
        await using var rig = await Rig.CreateAsync();
        var junk = new LogRecord("acme/shop"u8.ToArray(), new byte[] { 0xff, 0xff, 0xff });
        await rig.Log.AppendAsync(Topics.Events, new[] { junk }, Memory<LogPosition>.Empty, TestContext.Current.CancellationToken);
        await rig.AppendAsync([Sale("a", rig.NowMs, 1)]);
        await rig.RunUntilAsync(async () => (await rig.LedgerAsync("acme")).Aggregated == 1);
    }

    [Fact]
    public async Task Database_that_is_away_holds_no_window_back_and_the_checkpoint_is_made_up_for()
    {
        await using var rig = await Rig.CreateAsync();
        AbsentDatabase? database = null;
        await rig.ReopenAsync(wrapDatabase: inner => database = new AbsentDatabase(inner));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var caughtUp = new TaskCompletionSource();
        var run = rig.RunAsync(stop.Token, caughtUp.SetResult);
        await rig.AwaitAsync(caughtUp.Task);
        database!.Away = true;
        await rig.AppendAsync([Sale("a", rig.NowMs, 1)]);
        await UntilWindowsAsync(rig, 2);
        await rig.UntilAsync(() => Task.FromResult(database.Refused > 2));
        Assert.True((await rig.WindowsAsync())[^1].Final);
        Assert.False(run.IsCompleted);

        database.Away = false;
        await rig.UntilAsync(async () => (await rig.LedgerAsync("acme")).Aggregated == 1);
        await stop.CancelAsync();
        await rig.AwaitStopAsync(run);
    }

    [Fact]
    public async Task Run_that_lost_its_partition_to_another_instance_ends_instead_of_lowering_what_was_saved()
    {
        await using var rig = await Rig.CreateAsync();
        await rig.AppendAsync([Sale("a", rig.NowMs, 1)]);
        await rig.RunUntilAsync(async () => (await rig.LedgerAsync("acme")).Aggregated == 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = rig.RunAsync(stop.Token);
        await rig.ExecuteAsync("UPDATE ledger_progress SET upto = 1000 WHERE stage = 'aggregator'");
        await rig.AppendAsync([Sale("b", rig.NowMs, 1)]);
        await Eventually.TrueAsync(() =>
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(100));
            return run.IsCompleted;
        });
        await Assert.ThrowsAsync<Storage.PartitionLostException>(() => run);
    }

    private static (string Stream, Event Event) Sale(string id, long timeMs, double amount, string type = "sale")
    {
        var e = new Event { Id = id, Tenant = "acme", Stream = "shop", Type = type, TimeMs = timeMs };
        e.Values.Add("amount", amount);
        return ("acme/shop", e);
    }

    private static Task UntilWindowsAsync(Rig rig, int count) => Eventually.TrueAsync(async () =>
    {
        rig.Time.Advance(TimeSpan.FromMilliseconds(10));
        return (await rig.ReadAllAsync(Topics.Windows)).Count >= count;
    });
}
