using Microsoft.Extensions.Logging;
using Millrace.Alerting.Storage;
using Millrace.Hosting.Workers;

namespace Millrace.Alerting.Alerts;

/// <summary>Ends snoozes when they are over. On several instances each snooze is ended by one of them, for to end it is one transaction.</summary>
internal sealed class SnoozeWorker(
    AlertStore alerts, AlertingDatabase database, AlertingSignals signals, TimeProvider time, ILogger<SnoozeWorker> logger) : Worker(time, logger)
{
    // Another instance on the same database may have set one.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override string Name => "alerting.snoozes";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var next = await alerts.NextSnoozeEndAsync(cancellationToken);
            if (next <= database.NowMs)
            {
                var (ended, notified) = await alerts.EndSnoozesAsync(cancellationToken);
                if (ended > 0) signals.Changes.Set();
                if (notified > 0) signals.Deliveries.Set();
                continue;
            }
            var wait = next is null ? LookAgain : TimeSpan.FromMilliseconds(Math.Min(next.Value - database.NowMs, LookAgain.TotalMilliseconds));
            await signals.Snoozes.WaitAsync(wait, Time, cancellationToken);
        }
    }
}
