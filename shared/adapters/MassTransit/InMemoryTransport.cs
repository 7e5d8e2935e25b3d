using MassTransit;

namespace Millrace.Adapters.MassTransit;

/// <summary>MassTransit's own in-memory transport: no server, nothing kept.</summary>
internal sealed class InMemoryTransport : IBusTransportSetup
{
    public BusTransport Transport => BusTransport.InMemory;

    public void Configure(
        IBusRegistrationConfigurator bus, string queue, Action<IBusRegistrationContext, IReceiveEndpointConfigurator> configureEndpoint) =>
        bus.UsingInMemory((context, transport) => transport.ReceiveEndpoint(queue, endpoint =>
        {
            configureEndpoint(context, endpoint);
            // An error queue in memory would only grow: the sender's outbox has the command still, and repeats it.
            endpoint.DiscardFaultedMessages();
            endpoint.DiscardSkippedMessages();
        }));
}
