using System.Data.Common;
using Microsoft.Extensions.Logging;
using Millrace.Aggregator.Storage;
using Millrace.Hosting.Faults;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;

namespace Millrace.Aggregator.Pipeline;

/// <summary>
/// The loop over one consumer: read, aggregate, tell the time, emit, save. Live emission and checkpoints follow the wall clock; what is
/// emitted as final follows the log alone.
/// </summary>
internal sealed class AggregatorLoop(
    ILogConsumer consumer, PartitionSet partitions, CheckpointStore store, string epoch, AggregatorOptions options, AggregatorMetrics metrics,
    AggregatorIncidents incidents, TimeProvider time, ILogger logger)
{
    // Lag and gauges are looked at this often; also the longest wait for a record when nothing is due.
    private static readonly TimeSpan _watchInterval = TimeSpan.FromMilliseconds(200);

    // Windows of the larger sizes cost a merge of their panes each, so their live emission is no more frequent than this.
    private static readonly TimeSpan _leastLargerInterval = TimeSpan.FromSeconds(1);

    // The log's clock ticks in milliseconds: waking up much earlier than due only to find it not yet due is worth nothing.
    private static readonly TimeSpan _leastWait = TimeSpan.FromMilliseconds(2);

    // A checkpoint names every active stream; with very many it is taken more seldom, so that its cost stays a small share.
    private const int StreamsPerInterval = 20_000;

    private readonly OverloadControl _overload = new(options.OverloadLag);
    private readonly long _started = time.GetTimestamp();
    private TimeSpan _nextLive;
    private TimeSpan _nextLarger;
    private TimeSpan _nextCheckpoint = options.CheckpointInterval;
    private TimeSpan _nextWatch;
    private bool _caughtUp;

    private TimeSpan Now => time.GetElapsedTime(_started);

    public async Task RunAsync(Action caughtUp, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var batch = await consumer.ReadAsync(WaitTime(), cancellationToken))
            {
                // Records of a partition that was revoked meanwhile are another instance's.
                if (batch is not null) partitions.Find(batch.Partition)?.Take(batch);
            }

            foreach (var runner in partitions.All) runner.Advance(consumer);
            if (Now >= _nextWatch) Watch();
            if (!_caughtUp && partitions.All.All(runner => runner.CaughtUp)) NoteCaughtUp(caughtUp);
            EmitLive();
            foreach (var runner in partitions.All) await runner.FlushAsync();
            if (Now >= _nextCheckpoint) await TryCheckpointAsync(cancellationToken);
        }
    }

    /// <summary>Saves progress: first all output is made durable, then offset, watermarks and ledger in one transaction, then the log's position.</summary>
    public async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var progress = new List<(PartitionRunner Runner, Progress Progress)>();
        foreach (var runner in partitions.All)
        {
            // In this order: what the checkpoint stands for is said before it is taken, and durable before it is saved.
            if (runner.TakeProgress() is { } taken) progress.Add((runner, taken));
            await runner.SettleAsync();
        }

        progress.RemoveAll(one => !partitions.Has(one.Runner));
        if (progress.Count > 0)
        {
            FaultPoint.Reach(FaultPointNames.AggregatorOutputWritten);
            await store.SaveAsync(epoch, [.. progress.Select(one => one.Progress)], cancellationToken);
            foreach (var (runner, saved) in progress)
            {
                runner.Saved(saved);
                FaultPoint.Reach(FaultPointNames.AggregatorCheckpointSaved);
                await consumer.CommitAsync(runner.Partition, saved.Checkpoint.NextOffset, cancellationToken);
            }

            metrics.CheckpointSaved(time.GetElapsedTime(started));
        }
        else
        {
            metrics.CheckpointCurrent();
        }

        var streams = partitions.All.Sum(runner => runner.Engine.MarkedStreams);
        _nextCheckpoint = Now + (options.CheckpointInterval * Math.Max(1.0, (double)streams / StreamsPerInterval));
    }

    // A database that is away for a while costs nothing but a longer way back after a crash: windows go on, and the next checkpoint holds this one.
    private async Task TryCheckpointAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CheckpointAsync(cancellationToken);
        }
        catch (Exception e) when (e is MetadataDatabaseException { Retryable: true } or EventLogException { Retryable: true } or DbException)
        {
            Log.CheckpointFailed(logger, options.CheckpointInterval.TotalSeconds, e.Message, e);
            _nextCheckpoint = Now + options.CheckpointInterval;
        }
    }

    private void EmitLive()
    {
        if (_overload.LiveInterval(options.LiveInterval) is not { } interval)
        {
            foreach (var runner in partitions.All) runner.Engine.SkipLive();
            return;
        }

        var now = Now;
        if (now < _nextLive) return;
        var larger = now >= _nextLarger;
        foreach (var runner in partitions.All) runner.Engine.EmitLive(larger);
        // Counted from what was due, not from now, so that delays do not add up; but never twice in a row.
        _nextLive = _nextLive + interval > now ? _nextLive + interval : now + interval;
        if (larger) _nextLarger = now + (interval > _leastLargerInterval ? interval : _leastLargerInterval);
    }

    private TimeSpan WaitTime()
    {
        var now = Now;
        var until = _nextWatch < _nextCheckpoint ? _nextWatch : _nextCheckpoint;
        foreach (var runner in partitions.All)
        {
            if (runner.Engine.HasLiveChanges && _nextLive < until && _overload.Step != OverloadStep.FinalsOnly) until = _nextLive;
            var due = runner.Engine.NextDueMs;
            if (due == long.MaxValue) continue;
            var inMs = Math.Max(0, due - consumer.CompleteThroughMs(runner.Partition));
            if (now + TimeSpan.FromMilliseconds(inMs) < until) until = now + TimeSpan.FromMilliseconds(inMs);
        }

        var wait = until - now;
        return wait > _leastWait ? wait : _leastWait;
    }

    private void Watch()
    {
        _nextWatch = Now + _watchInterval;
        var lag = TimeSpan.Zero;
        long open = 0, streams = 0, remembered = 0, folded = 0;
        foreach (var runner in partitions.All)
        {
            var age = consumer.GetLag(runner.Partition).Age;
            if (age > lag) lag = age;
            open += runner.Engine.OpenWindows;
            streams += runner.Engine.Streams;
            remembered += runner.Engine.RememberedIds;
            var (before, after) = runner.Report();
            metrics.Add(in before, in after);
            folded += after.FoldedToOther - before.FoldedToOther;
            if (after.Malformed > before.Malformed) Log.Malformed(logger, after.Malformed - before.Malformed, runner.Partition, runner.NextOffset);
        }

        var step = _overload.Step;
        if (_overload.Observe(lag, Now))
        {
            if (_overload.Step > step) Log.Degraded(logger, lag.TotalSeconds, step, _overload.Step);
            else Log.Recovered(logger, lag.TotalSeconds, step, _overload.Step);
        }

        incidents.Lag(_overload.Step, lag);
        incidents.Folded(folded);
        metrics.Set(new AggregatorGauges(open, streams, remembered, (long)_overload.Step, lag.TotalSeconds));
    }

    private void NoteCaughtUp(Action caughtUp)
    {
        _caughtUp = true;
        Log.CaughtUp(logger);
        caughtUp();
    }
}
