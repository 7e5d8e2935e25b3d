using MassTransit;

namespace Millrace.Adapters.MassTransit;

/// <summary>MassTransit's own in-memory transport: no server, nothing kept.</summary>
internal sealed class InMemoryTransport : IBusTransport
{
    private const string Queue = "millrace-notifications";

    public string Name => "in memory";

    public Uri Address { get; } = new("queue:" + Queue);

    public void Prepare(SendContext context)
    {
        // As it is.
    }

    /// <summary>Makes the one endpoint.</summary>
    public static void Configure(IBusRegistrationConfigurator bus) => bus.UsingInMemory((context, transport) => transport.ReceiveEndpoint(Queue, endpoint =>
    {
        NotificationEndpoint.Configure(context, endpoint);
        // An error queue in memory would only grow: the sender's outbox has the command still, and repeats it.
        endpoint.DiscardFaultedMessages();
        endpoint.DiscardSkippedMessages();
    }));
}
