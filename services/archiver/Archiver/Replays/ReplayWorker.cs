using Microsoft.Extensions.Logging;
using Millrace.Archiver.Objects;
using Millrace.Hosting.Workers;
using Millrace.Ports.ClickHouse;
using Millrace.Ports.Objects;

namespace Millrace.Archiver.Replays;

/// <summary>Runs replays one after the other, those of instances that died included.</summary>
internal sealed class ReplayWorker(ReplayWork work, Replayer replayer, TimeProvider time, ILogger<ReplayWorker> logger) : Worker(time, logger)
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override string Name => "archiver-replays";

    /// <inheritdoc/>
    protected override bool IsBulk => true;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await work.ClaimAsync(cancellationToken) is { } replay) await RunAsync(replay, cancellationToken);
            else await Task.Delay(_look, Time, cancellationToken);
        }
    }

    private async Task RunAsync(ReplayRow replay, CancellationToken cancellationToken)
    {
        try
        {
            var done = replay.Cancelled == 0 && await replayer.RunAsync(replay, cancellationToken);
            // Broken off here, it is done once more, which comes to the same; the other way round the tables aside would stay.
            await DropAsync(replay, cancellationToken);
            await work.EndAsync(replay, done ? ReplayState.Done : ReplayState.Cancelled, null, TimeSpan.Zero, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The next start, or another instance, need not wait for the lease.
            await work.EndAsync(replay, ReplayState.Running, null, TimeSpan.Zero, CancellationToken.None);
            throw;
        }
        catch (Exception e) when (IsFinal(e))
        {
            Log.ReplayFailed(logger, replay.Id, e);
            await DropAsync(replay, cancellationToken);
            await work.EndAsync(replay, ReplayState.Failed, e.Message, TimeSpan.Zero, cancellationToken);
        }
        catch (Exception e)
        {
            Log.ReplayWaits(logger, replay.Id, e);
            await work.EndAsync(replay, ReplayState.Running, e.Message, _pause, cancellationToken);
        }
    }

    private static bool IsFinal(Exception e) =>
        e is ArchiveDamagedException or FormatException or InvalidOperationException or ClickHouseException { Retryable: false } or ObjectStoreException { Retryable: false };

    private async Task DropAsync(ReplayRow replay, CancellationToken cancellationToken)
    {
        if (await work.StageAsync(replay, cancellationToken) is { } last) await replayer.DropAsync(last, cancellationToken);
    }
}
