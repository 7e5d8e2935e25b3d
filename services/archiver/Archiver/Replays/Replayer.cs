using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Archiver.ClickHouse;
using Millrace.Hosting.Faults;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Replays;

/// <summary>
/// Runs a replay: copies the archive into tables aside while everything goes on, then has the sink into ClickHouse wait, copies what has come meanwhile, and
/// puts the result in place. With the sink waiting, the archive up to where it stands is exactly what the real tables should hold.
/// </summary>
internal sealed class Replayer(
    ReplayCopier copier, ReplayWork work, IClickHouse clickHouse, Tables tables, SchemaWorker schema, IOptions<ArchiverOptions> options, TimeProvider time, ILoggerFactory loggers)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs it to its end.</summary>
    /// <returns>Whether it was done, and not cancelled.</returns>
    public async Task<bool> RunAsync(ReplayRow replay, CancellationToken cancellationToken)
    {
        await schema.ReadyAsync(cancellationToken);
        // Broken off while it was put in place, the tables aside belong to a position of the sink that is past: from the beginning, then.
        if (replay.Phase == (long)ReplayPhase.Applying) await DropAsync(replay, cancellationToken);
        if (replay.Phase == (long)ReplayPhase.Applying || replay.Stage.Length == 0) replay = await BeginAsync(replay, cancellationToken);
        var stage = StageOf(replay.Stage);
        await stage.CreateAsync(cancellationToken);
        // What has nothing for this replay is not read a second time while the sink waits.
        var passed = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await copier.CopyAsync(replay, stage, await work.LanesAsync(cancellationToken), last: false, passed, () => RenewAsync(replay, cancellationToken), cancellationToken);
            await RenewAsync(replay, cancellationToken);
        }
        catch (ReplayCancelledException)
        {
            return false;
        }

        FaultPoint.Reach(FaultPointNames.ArchiverReplayCopied);
        await ApplyAsync(replay, stage, passed, cancellationToken);
        return true;
    }

    /// <summary>Removes what a replay leaves behind.</summary>
    public async Task DropAsync(ReplayRow replay, CancellationToken cancellationToken)
    {
        if (replay.Stage.Length == 0) return;
        await StageOf(replay.Stage).DropAsync(cancellationToken);
        await work.ForgetCutsAsync(replay.Stage, cancellationToken);
    }

    private ReplayStage StageOf(string name) => new(clickHouse, tables, name, schema, options, time, loggers);

    private async Task<ReplayRow> BeginAsync(ReplayRow replay, CancellationToken cancellationToken)
    {
        var stage = Guid.NewGuid().ToString("n")[..12];
        await work.SetAsync(replay, "phase = 0, stage = @stage, objects_total = 0, objects_done = 0, rows_read = 0, rows_applied = 0", new { stage }, cancellationToken);
        return new ReplayRow
        {
            Id = replay.Id, Tenant = replay.Tenant, Target = replay.Target, TableName = replay.TableName, Stream = replay.Stream,
            FromAt = replay.FromAt, ToAt = replay.ToAt, Stage = stage,
        };
    }

    private async Task RenewAsync(ReplayRow replay, CancellationToken cancellationToken)
    {
        await work.RenewAsync(replay, holds: false, cancellationToken);
        if (await work.IsCancelledAsync(replay, cancellationToken)) throw new ReplayCancelledException();
    }

    private async Task ApplyAsync(ReplayRow replay, ReplayStage stage, HashSet<string> passed, CancellationToken cancellationToken)
    {
        Task ConfirmAsync() => work.RenewAsync(replay, holds: true, cancellationToken);
        await work.SetAsync(replay, "phase = 1", new { }, cancellationToken);
        await work.HoldAsync(cancellationToken);
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var keeping = KeepAsync(replay, stop);
            try
            {
                await copier.CopyAsync(replay, stage, await QuietAsync(stop.Token), last: true, passed, ConfirmAsync, stop.Token);
                var rows = replay switch
                {
                    { Target: ReplayRequest.Rollups } => await stage.ReplaceRollupsAsync(replay.Selection, ConfirmAsync, stop.Token),
                    { TableName: ReplayRequest.Events } => await stage.FillEventsAsync(replay.Selection, ConfirmAsync, stop.Token),
                    _ => await stage.KeepEventsAsync(replay.Tenant, replay.TableName!, stop.Token),
                };
                FaultPoint.Reach(FaultPointNames.ArchiverReplayApplied);
                await work.SetAsync(replay, "rows_applied = @rows", new { rows }, stop.Token);
            }
            finally
            {
                await stop.CancelAsync();
                await keeping;
            }
        }
        finally
        {
            await work.ReleaseAsync(CancellationToken.None);
        }
    }

    /// <summary>Waits until nothing is on its way into ClickHouse, and the archive has at least what ClickHouse has.</summary>
    private async Task<Dictionary<int, ReplayLane>> QuietAsync(CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); ;)
        {
            var lanes = await work.LanesAsync(cancellationToken);
            if (lanes.Values.All(lane => !lane.Writing && lane.Objects >= lane.Rows)) return lanes;
            if (time.GetElapsedTime(started) > _patience) throw new TimeoutException($"The archive has not caught up within {_patience.TotalSeconds:0} s.");
            await Task.Delay(_pause, time, cancellationToken);
        }
    }

    /// <summary>Keeps lease and hold while steps take long; cancels everything when they are lost.</summary>
    private async Task KeepAsync(ReplayRow replay, CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(work.Lease / 4, time, stop.Token);
                await work.RenewAsync(replay, holds: true, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.ReplayLost(loggers.CreateLogger<Replayer>(), replay.Id, e);
            await stop.CancelAsync();
        }
    }

    private sealed class ReplayCancelledException : Exception;
}
