namespace Millrace.Ports.Notifications;

/// <summary>
/// Carries notification commands from the outbox to the handler, at least once, with redelivery after failures.
/// The sender keeps a command in its outbox until the handler has reported the outcome, so a bus that forgets loses nothing.
/// </summary>
public interface INotificationBus
{
    /// <summary>Hands a command to the bus.</summary>
    /// <exception cref="NotificationBusException">The bus can't be reached.</exception>
    Task SendAsync(NotificationCommand command, CancellationToken cancellationToken);
}

/// <summary>Does the delivery. The service implements it; the bus adapter calls it.</summary>
public interface INotificationHandler
{
    /// <summary>Tries to deliver once. Idempotent by <see cref="NotificationCommand.Id"/>.</summary>
    Task<DeliveryOutcome> HandleAsync(NotificationCommand command, CancellationToken cancellationToken);
}

/// <summary>A notification to deliver.</summary>
/// <param name="Id">Stable over all attempts; also the <c>webhook-id</c>.</param>
/// <param name="Tenant">Owner.</param>
/// <param name="Channel">Kind of channel, such as <c>webhook</c>.</param>
/// <param name="Target">Id of the configured receiver.</param>
/// <param name="Payload">JSON document.</param>
/// <param name="Attempt">From 1.</param>
public sealed record NotificationCommand(string Id, string Tenant, string Channel, string Target, string Payload, int Attempt);

/// <summary>What came of one attempt.</summary>
/// <param name="Status">The verdict.</param>
/// <param name="Detail">For the delivery log: status line or error.</param>
/// <param name="RetryAfter">What the receiver asked for, if it did.</param>
public sealed record DeliveryOutcome(DeliveryStatus Status, string Detail, TimeSpan? RetryAfter = null);

/// <summary>The verdict on a delivery attempt.</summary>
public enum DeliveryStatus
{
    /// <summary>No verdict: never returned.</summary>
    Unset = 0,

    /// <summary>The receiver took it.</summary>
    Delivered = 1,

    /// <summary>Try again later.</summary>
    Retry = 2,

    /// <summary>Never going to work: to the error queue.</summary>
    Rejected = 3,
}

/// <summary>The bus could not take a command. Vendor exceptions stop here.</summary>
/// <param name="message">What failed, where, and what to do.</param>
/// <param name="innerException">The vendor's own exception.</param>
public sealed class NotificationBusException(string message, Exception? innerException = null) : Exception(message, innerException);
