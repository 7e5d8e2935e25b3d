using Microsoft.Extensions.Logging;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary>Runs redrives one after the other, those of instances that died included.</summary>
internal sealed class RedriveWorker(RedriveWork work, Redriver redriver, RedriveSignal signal, TimeProvider time, ILogger<RedriveWorker> logger) : Worker(time, logger)
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public override string Name => "redrives";

    /// <inheritdoc/>
    protected override bool IsBulk => true;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Looking is free; claiming is a transaction.
            if (await work.AnyAsync(cancellationToken) && await work.ClaimAsync(cancellationToken) is { } redrive) await RunAsync(redrive, cancellationToken);
            else await signal.WaitAsync(_pause, Time, cancellationToken);
        }
    }

    private async Task RunAsync(RedriveRow redrive, CancellationToken cancellationToken)
    {
        try
        {
            await redriver.RunAsync(redrive, cancellationToken);
        }
        catch (LeaseLostException e)
        {
            Log.RedriveLost(logger, redrive.Id, e);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Another instance, or the next start, need not wait for the lease.
            await work.LetGoAsync(redrive, null, TimeSpan.Zero, CancellationToken.None);
            throw;
        }
        catch (EventLogException e)
        {
            Log.RedriveWaits(logger, redrive.Id, e);
            await work.LetGoAsync(redrive, e.Message, _pause, cancellationToken);
        }
    }
}

/// <summary>Wakes the worker of this process when a redrive has come in; those that came in elsewhere it finds by itself.</summary>
internal sealed class RedriveSignal : IDisposable
{
    private readonly SemaphoreSlim _some = new(0, 1);

    /// <summary>There is something to do.</summary>
    public void Raise()
    {
        lock (_some)
        {
            if (_some.CurrentCount == 0) _some.Release();
        }
    }

    /// <summary>Waits until there is, or for a while.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var bounded = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bounded.Token, cancellationToken);
        try
        {
            await _some.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The while has passed.
            return;
        }
    }

    public void Dispose() => _some.Dispose();
}
