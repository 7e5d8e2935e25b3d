using Microsoft.Extensions.Logging;
using Millrace.Ports.Notifications;

namespace Millrace.Alerting.Notifications;

/// <summary>Makes one attempt to deliver and writes down what came of it.</summary>
internal sealed class NotificationHandler(
    DeliveryStore deliveries,
    ReceiverStore receivers,
    IEnumerable<INotificationChannel> channels,
    AlertingSignals signals,
    AlertingMetrics metrics,
    TimeProvider time,
    ILogger<NotificationHandler> logger) : INotificationHandler
{
    private readonly Dictionary<string, INotificationChannel> _channels = channels.ToDictionary(channel => channel.Kind, StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<DeliveryOutcome> HandleAsync(NotificationCommand command, CancellationToken cancellationToken)
    {
        // The bus may bring a command twice, or late: only the attempt that the outbox waits for is made.
        if (await deliveries.BeginAttemptAsync(command, cancellationToken) is not { } delivery)
            return new DeliveryOutcome(DeliveryStatus.Rejected, "This attempt is not awaited any more.");
        var started = time.GetTimestamp();
        DeliveryOutcome outcome;
        try
        {
            outcome = await TryAsync(command, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await BreakOffAsync(delivery, time.GetElapsedTime(started));
            throw;
        }

        var took = time.GetElapsedTime(started);
        metrics.DeliveryTook(command.Channel, took);
#pragma warning disable CA5394 // Jitter is no secret.
        // What is known is written down, stop or not: forgotten, it would be sent again.
        var state = await deliveries.RecordAsync(delivery, outcome, (long)took.TotalMilliseconds, Random.Shared.NextDouble(), CancellationToken.None);
#pragma warning restore CA5394
        metrics.Notified(command.Channel, state == DeliveryState.Failed ? "failed" : DeliveryStore.Name(outcome.Status));
        if (state == DeliveryState.Failed)
            Log.DeliveryGivenUp(logger, command.Id, command.Tenant, command.Target, command.Attempt, outcome.Detail);
        else if (state == DeliveryState.Pending)
            Log.AttemptFailed(logger, command.Id, command.Tenant, command.Target, command.Attempt, outcome.Detail);
        signals.Deliveries.Set();
        return outcome;
    }

    // The bus or the process is going. Whether the receiver has it is unknown: the next attempt follows as after any failure, not at the end of the lease.
    private async Task BreakOffAsync(DeliveryRow delivery, TimeSpan took)
    {
        var outcome = new DeliveryOutcome(DeliveryStatus.Retry, "The attempt was broken off: the notification bus lost its connection, or this process was stopped.");
#pragma warning disable CA5394 // Jitter is no secret.
        await deliveries.RecordAsync(delivery, outcome, (long)took.TotalMilliseconds, Random.Shared.NextDouble(), CancellationToken.None);
#pragma warning restore CA5394
        signals.Deliveries.Set();
    }

    private async Task<DeliveryOutcome> TryAsync(NotificationCommand command, CancellationToken cancellationToken)
    {
        if (!_channels.TryGetValue(command.Channel, out var channel))
            return new DeliveryOutcome(DeliveryStatus.Rejected, $"There is no channel '{command.Channel}'.");
        var receiver = await receivers.FindAsync(command.Tenant, command.Target, cancellationToken);
        if (receiver is null) return new DeliveryOutcome(DeliveryStatus.Rejected, "The receiver was deleted.");
        try
        {
            return await channel.SendAsync(receiver.Settings, new Notification(command.Id, command.Payload), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // An attempt like any other that fails, with backoff and an end: left to the bus, the outbox would begin a new one for ever.
            Log.ChannelFailed(logger, command.Id, command.Channel, e);
            return new DeliveryOutcome(DeliveryStatus.Retry, $"The channel failed: {e.Message}");
        }
    }
}
