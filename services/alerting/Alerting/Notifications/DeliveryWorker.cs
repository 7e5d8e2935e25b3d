using Microsoft.Extensions.Logging;
using Millrace.Alerting.Storage;
using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;
using Millrace.Ports.Notifications;

namespace Millrace.Alerting.Notifications;

/// <summary>Hands the deliveries that are due to the bus. Sleeps until something is due or somebody calls.</summary>
internal sealed class DeliveryWorker(
    DeliveryStore deliveries,
    AlertingDatabase database,
    INotificationBus bus,
    AlertingSignals signals,
    AlertingMetrics metrics,
    TimeProvider time,
    ReadinessGate readiness,
    ILogger<DeliveryWorker> logger) : Worker(time, logger, readiness)
{
    // Another instance on the same database may have left deliveries behind.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public override string Name => "alerting.deliveries";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var (next, depth) = await deliveries.NextAsync(cancellationToken);
            metrics.OutboxDepth(depth);
            var sent = next <= database.NowMs ? await SendDueAsync(cancellationToken) : 0;
            if (sent > 0) continue;
            // Due, yet nothing could be sent: all places are taken, and each that becomes free calls.
            var wait = next is null || next <= database.NowMs ? LookAgain : TimeSpan.FromMilliseconds(next.Value - database.NowMs);
            await signals.Deliveries.WaitAsync(wait < LookAgain ? wait : LookAgain, Time, cancellationToken);
        }
    }

    private async Task<int> SendDueAsync(CancellationToken cancellationToken)
    {
        var claimed = await deliveries.ClaimAsync(cancellationToken);
        foreach (var delivery in claimed)
        {
            var command = new NotificationCommand(
                delivery.Id, delivery.Tenant, delivery.Channel, delivery.ReceiverId, delivery.Payload, delivery.Attempts);
            try
            {
                await bus.SendAsync(command, cancellationToken);
            }
            catch (NotificationBusException e)
            {
                Log.BusRefused(logger, delivery.Id, e);
                await deliveries.ReturnAsync(delivery, e.Message, cancellationToken);
            }
        }
        return claimed.Count;
    }
}
