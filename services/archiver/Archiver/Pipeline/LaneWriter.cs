using Microsoft.Extensions.Logging;
using Millrace.Archiver.Progress;
using Millrace.Hosting.Faults;

namespace Millrace.Archiver.Pipeline;

/// <summary>
/// Takes one lane's cuts into the sink, one after the other: writes the range down, stores it, and notes that it is done. A failure is retried
/// for ever, with a pause that grows; only a stop ends it, or another instance that takes the lane over. One cut at a time.
/// </summary>
internal sealed class LaneWriter(LaneClaim claim, SinkPool pool, Dictionary<string, long> archived, LaneServices services) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HeldPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private readonly CancellationTokenSource _stop = new();
    private readonly Ownership _ownership = new(claim, services.Progress, services.Time);
    private ulong _lastCutId = claim.Progress.LastCutId;
    private long _saved = claim.Progress.Position?.Next ?? -1;

    /// <summary>Sink and partition.</summary>
    public LaneId Id => claim.Id;

    /// <summary>Offset up to which everything is in the sink and noted as such.</summary>
    public long? Saved => Volatile.Read(ref _saved) is var saved and >= 0 ? saved : null;

    /// <summary>Takes a cut into the sink.</summary>
    /// <param name="cut">The events; the caller disposes it.</param>
    /// <param name="redo">The range as it was written down by the process before, when this is that range.</param>
    public async Task WriteAsync(Cut cut, PendingCut? redo)
    {
        var token = _stop.Token;
        if (cut.Rows > 0)
        {
            var range = redo ?? new PendingCut(NextId(), cut.First!.Value, cut.Last);
            if (redo is null) await RetryAsync("begin", _ => BeginAsync(range, token), token);
            else ArchiverMetrics.Redone(Id.Sink);
            await ReachedAsync(ArchiverStep.Begun);
            FaultPoint.Reach(FaultPointNames.ArchiverCutCommitted);
            await pool.Writers.WaitAsync(token);
            try
            {
                await StoreAsync(cut, range, redo is not null, token);
            }
            finally
            {
                pool.Writers.Release();
            }

            await ReachedAsync(ArchiverStep.Stored);
            FaultPoint.Reach(pool.Sink.StoredPoint);
            foreach (var (tenant, rows) in cut.RowsByTenant()) archived[tenant] = archived.GetValueOrDefault(tenant) + rows;
        }

        var position = new LanePosition(cut.Last + 1, cut.LastLogTimeMs, cut.WarmFrom, cut.Watermarks);
        var changed = cut.RowsByTenant().ToDictionary(entry => entry.Key, entry => archived[entry.Key], StringComparer.Ordinal);
        await RetryAsync("complete", _ => services.Progress.CompleteAsync(claim, position, changed, token), token);
        Volatile.Write(ref _saved, position.Next);
        services.Status.Forget(Id);
        await ReachedAsync(ArchiverStep.Completed);
    }

    /// <summary>Ends what is being written; its fate is then unknown, and the next process redoes it.</summary>
    public Task CancelAsync() => _stop.CancelAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        services.Status.Forget(Id);
        _stop.Dispose();
    }

    // While a replay puts its result in place, the cut is the same, only later.
    private async Task BeginAsync(PendingCut range, CancellationToken token)
    {
        while (!await services.Progress.BeginAsync(claim, range, services.Time.GetUtcNow().ToUnixTimeMilliseconds(), token))
            await Task.Delay(HeldPause, services.Time, token);
    }

    private async Task StoreAsync(Cut cut, PendingCut range, bool redo, CancellationToken token)
    {
        var started = services.Time.GetTimestamp();
        await RetryAsync("store", AttemptAsync, token);
        ArchiverMetrics.Stored(Id.Sink, cut.Rows, cut.Bytes, services.Time.GetElapsedTime(started));

        async Task AttemptAsync(int attempt)
        {
            // Waiting for a turn or for the next attempt may have taken long: whoever was away meanwhile must not come back with an old cut.
            await _ownership.ConfirmAsync(token);
            await pool.Sink.WriteAsync(Id, cut, range, redo || attempt > 1, _ownership, token);
        }
    }

    private async Task RetryAsync(string step, Func<int, Task> work, CancellationToken token)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await work(attempt);
                return;
            }
            catch (Exception e) when (e is not (ArchiverStoppedException or LaneLostException) && !token.IsCancellationRequested)
            {
                var pause = Pause(attempt);
                ArchiverMetrics.Retried(Id.Sink, step);
                services.Status.Failed(Id, e.Message);
                Log.StepFailed(services.Logger, Id.Sink, Id.Topic, Id.Partition, step, attempt, pause.TotalSeconds, e);
                await Task.Delay(pause, services.Time, token);
            }
        }
    }

    private static TimeSpan Pause(int attempt)
    {
        var pause = TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(attempt - 1, 20), LongestPause.Ticks));
#pragma warning disable CA5394 // Jitter is no secret.
        return pause * (0.75 + (Random.Shared.NextDouble() / 4));
#pragma warning restore CA5394
    }

    // Milliseconds of the clock, so that numbers go on growing even if the progress were lost, and the partition, so that two of them never
    // share a number.
    private ulong NextId()
    {
        var sequence = Math.Max((_lastCutId >> 12) + 1, (ulong)services.Time.GetUtcNow().ToUnixTimeMilliseconds());
        return _lastCutId = (sequence << 12) | (uint)(Id.Partition & 0xFFF);
    }

    private ValueTask ReachedAsync(ArchiverStep step) => services.Probe?.ReachedAsync(step, Id.Sink, Id.Partition) ?? ValueTask.CompletedTask;
}

/// <summary>What every lane's writer uses.</summary>
internal sealed record LaneServices(
    ProgressStore Progress, SinkStatus Status, TimeProvider Time, ILogger Logger, IArchiverProbe? Probe);
