using MassTransit;
using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.MassTransit.RabbitMq;

/// <summary>
/// Sends a command whose handler has failed in spite of its retries to the queue of the next delay, and lets it go to the error queue after the last.
/// The copy is confirmed before the original is acknowledged: a crash between the two has the command twice, which the handler recognises.
/// </summary>
internal sealed class RedeliveryFilter(DelayQueues delays, TimeProvider time, ILogger<RedeliveryFilter> logger) : IFilter<ConsumeContext>
{
    private const string Header = "Millrace-Redelivery";

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var started = time.GetTimestamp();
        try
        {
            await next.Send(context);
        }
        catch (Exception e) when (!context.CancellationToken.IsCancellationRequested && context.TryGetMessage<DeliverNotification>(out _))
        {
            context.TryGetMessage<DeliverNotification>(out var command);
            var redelivery = context.Headers.Get<int>(Header) ?? 0;
            if (redelivery >= delays.Count)
            {
                Log.ToErrorQueue(logger, command!.Message.Id, command.Message.Attempt, redelivery, e);
                throw;
            }

            Log.Redelivered(logger, command!.Message.Id, command.Message.Attempt, delays.Delay(redelivery).TotalSeconds, e.Message);
            await SendCopyAsync(context, command.Message, redelivery);
            // A message that nobody has consumed would go to a queue for messages of unknown kinds.
            await context.NotifyConsumed(command, time.GetElapsedTime(started), nameof(RedeliveryFilter));
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("redelivery");

    private async Task SendCopyAsync(ConsumeContext context, DeliverNotification command, int redelivery)
    {
        var endpoint = await context.GetSendEndpoint(delays.Address(redelivery));
        await endpoint.Send(command, Pipe.Execute<SendContext<DeliverNotification>>(copy => Prepare(copy, redelivery + 1)), context.CancellationToken);
    }

    private static void Prepare(SendContext copy, int redelivery)
    {
        copy.Headers.Set(Header, redelivery);
        if (copy.TryGetPayload<RabbitMqSendContext>(out var rabbit)) rabbit.Mandatory = true;
    }
}
