using MassTransit;
using Microsoft.Extensions.Options;
using Millrace.Ports.Notifications;

namespace Millrace.Adapters.MassTransit;

/// <summary><see cref="INotificationBus"/> over MassTransit.</summary>
internal sealed class MassTransitNotificationBus(IBusControl bus, IBusTransport transport, IOptions<NotificationBusOptions> options, TimeProvider time) : INotificationBus
{
    /// <inheritdoc/>
    public async Task SendAsync(NotificationCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        cancellationToken.ThrowIfCancellationRequested();
        var message = new DeliverNotification
        {
            Id = command.Id,
            Tenant = command.Tenant,
            Channel = command.Channel,
            Target = command.Target,
            Payload = command.Payload,
            Attempt = command.Attempt,
        };
        using var timeout = new CancellationTokenSource(options.Value.SendTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            // The host may start the sender before the bus, and a bus in memory that was stopped takes commands as if nothing were.
            if (bus.CheckHealth().Status != BusHealthStatus.Healthy) await bus.WaitForHealthStatus(BusHealthStatus.Healthy, either.Token);
            var endpoint = await bus.GetSendEndpoint(transport.Address);
            await endpoint.Send(message, Pipe.Execute<SendContext<DeliverNotification>>(transport.Prepare), either.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            throw new NotificationBusException(
                $"The notification bus ({transport.Name}) did not take the command within {options.Value.SendTimeout.TotalSeconds:0.#} s: "
                + (BusFailure.Of(bus.CheckHealth()) ?? e.Message),
                e);
        }
    }
}
