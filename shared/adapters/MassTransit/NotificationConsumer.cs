using MassTransit;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Notifications;

namespace Millrace.Adapters.MassTransit;

/// <summary>The command on the wire.</summary>
internal sealed record DeliverNotification
{
    public required string Id { get; init; }

    public required string Tenant { get; init; }

    public required string Channel { get; init; }

    public required string Target { get; init; }

    public required string Payload { get; init; }

    public required int Attempt { get; init; }
}

/// <summary>
/// Gives commands to the service. Whatever the outcome of a delivery, the command is done with: the service has written the outcome down and
/// sends a new command when it is time. Only a handler that throws has the command come again.
/// </summary>
internal sealed class NotificationConsumer(INotificationHandler handler, ILogger<NotificationConsumer> logger) : IConsumer<DeliverNotification>
{
    public async Task Consume(ConsumeContext<DeliverNotification> context)
    {
        var message = context.Message;
        var command = new NotificationCommand(message.Id, message.Tenant, message.Channel, message.Target, message.Payload, message.Attempt);
        try
        {
            await handler.HandleAsync(command, context.CancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.HandlerFailed(logger, message.Id, message.Attempt, context.GetRetryAttempt(), e);
            throw;
        }
    }
}
