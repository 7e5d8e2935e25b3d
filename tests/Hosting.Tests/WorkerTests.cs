using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class WorkerTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly CapturedLog _log = new();
    private readonly ReadinessGate _gate = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_failing_is_logged_and_run_again_after_growing_delays()
    {
        using var worker = new TestWorker(_time, _log, _gate, (run, _) => throw new InvalidTimeZoneException($"run {run}"));
        Assert.False(_gate.IsReady);
        await worker.StartAsync(Cancelled);

        var limits = new[] { 1, 2, 4, 8, 16, 30, 30 };
        for (var i = 0; i < limits.Length; i++)
        {
            await Eventually.TrueAsync(() => worker.Runs == i + 1 && _time.ActiveTimers == 1);
            // The delay is 0.8 to 1 times the limit, and the clock may have run on into it by a fifth of the one before.
            _time.Advance(TimeSpan.FromSeconds(limits[i] * 0.5));
            Assert.Equal(i + 1, worker.Runs);
            _time.Advance(TimeSpan.FromSeconds(limits[i] * 0.5));
        }

        await Eventually.TrueAsync(() => worker.Runs == limits.Length + 1);
        Assert.Contains(_log.Lines, line => line.Id.Id == 1000 && line.Text.Contains("run 1", StringComparison.Ordinal));
        Assert.Equal("failed, runs again soon: run 8", await Eventually.ValueAsync(
            () => ValueTask.FromResult(_gate.Parts["TestWorker"]), reason => reason?.Contains("run 8", StringComparison.Ordinal) == true));
        await worker.StopAsync(Cancelled);
        Assert.True(worker.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Bulk_worker_stays_on_its_threads_whatever_it_awaits()
    {
        using var worker = new BulkWorker(_time, _log);
        await worker.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.All(await worker.Threads.Task.WaitAsync(Cancelled), name => Assert.StartsWith("bulk ", name, StringComparison.Ordinal));
        await worker.StopAsync(Cancelled);
        Assert.True(worker.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Bulk_work_shares_as_many_threads_as_there_are_processors()
    {
        var (running, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => BulkWork.RunAsync(
            async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    var now = Interlocked.Increment(ref running);
                    InterlockedMax(ref most, now);
                    Thread.SpinWait(1000);
                    Interlocked.Decrement(ref running);
                    await Task.Yield();
                }
            },
            Cancelled)));
        Assert.InRange(most, 1, Environment.ProcessorCount);

        static void InterlockedMax(ref int target, int value)
        {
            for (var seen = Volatile.Read(ref target); seen < value; seen = Volatile.Read(ref target)) Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    [Fact]
    public async Task Run_recovers_is_ready_and_the_delays_begin_anew()
    {
        var failed = new TaskCompletionSource();
        using var worker = new TestWorker(_time, _log, _gate, async (run, token) =>
        {
            if (run <= 3) throw new InvalidTimeZoneException();
            if (run == 4) await failed.Task.WaitAsync(token);
            if (run == 4) throw new InvalidTimeZoneException();
            await Task.Delay(Timeout.Infinite, token);
        });
        await worker.StartAsync(Cancelled);
        for (var run = 1; run <= 3; run++)
        {
            await Eventually.TrueAsync(() => worker.Runs == run && _time.ActiveTimers == 1);
            _time.Advance(TimeSpan.FromSeconds(Math.Pow(2, run - 1)));
        }

        await Eventually.TrueAsync(() => worker.Runs == 4 && _gate.IsReady);
        _time.Advance(TimeSpan.FromMinutes(2));
        failed.SetResult();
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        Assert.False(_gate.IsReady);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => worker.Runs == 5 && _gate.IsReady);
        await worker.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Run_that_has_to_catch_up_is_ready_when_it_says_so()
    {
        var caughtUp = new TaskCompletionSource();
        using var worker = new TestWorker(_time, _log, _gate, (_, token) => Task.Delay(Timeout.Infinite, token), caughtUp.Task);
        await worker.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => worker.Runs == 1);
        Assert.False(_gate.IsReady);

        caughtUp.SetResult();

        await Eventually.TrueAsync(() => _gate.IsReady);
        await worker.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Run_returning_ends_the_worker_and_says_so()
    {
        using var worker = new TestWorker(_time, _log, _gate, (_, _) => Task.CompletedTask);
        await worker.StartAsync(Cancelled);

        await worker.ExecuteTask!;

        Assert.Equal(1, worker.Runs);
        Assert.Contains(_log.Lines, line => line.Id.Id == 1001);
    }

    [Fact]
    public async Task Stop_loop_that_does_not_listen_is_left_behind_after_a_while()
    {
        var never = new TaskCompletionSource();
        using var worker = new TestWorker(_time, _log, _gate, (_, _) => never.Task) { Patience = TimeSpan.FromMilliseconds(50) };
        await worker.StartAsync(Cancelled);
        await Eventually.TrueAsync(() => worker.Runs == 1);

        await worker.StopAsync(Cancelled);

        Assert.Contains(_log.Lines, line => line.Id.Id == 1003);
        never.SetResult();
    }

    private sealed class TestWorker(
        TimeProvider time, CapturedLog log, ReadinessGate gate, Func<int, CancellationToken, Task> run, Task? caughtUp = null)
        : Worker(time, log, gate)
    {
        private int _runs;

        public int Runs => Volatile.Read(ref _runs);

        public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

        protected override TimeSpan StopTimeout => Patience;

        protected override bool ReadyOnStart => caughtUp is null;

        protected override async Task RunAsync(CancellationToken cancellationToken)
        {
            var number = Interlocked.Increment(ref _runs);
            if (caughtUp is not null)
            {
                await caughtUp.WaitAsync(cancellationToken);
                MarkReady();
            }

            await run(number, cancellationToken);
        }
    }

    private sealed class BulkWorker(TimeProvider time, CapturedLog log) : Worker(time, log)
    {
        public TaskCompletionSource<IReadOnlyList<string?>> Threads { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override bool IsBulk => true;

        protected override async Task RunAsync(CancellationToken cancellationToken)
        {
            var names = new List<string?> { Thread.CurrentThread.Name };
            await Task.Yield();
            names.Add(Thread.CurrentThread.Name);
            await Task.Delay(TimeSpan.FromSeconds(1), Time, cancellationToken);
            names.Add(Thread.CurrentThread.Name);
            await Task.Run(() => { }, cancellationToken);
            names.Add(Thread.CurrentThread.Name);
            Threads.SetResult(names);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
