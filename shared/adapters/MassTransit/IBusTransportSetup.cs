using MassTransit;

namespace Millrace.Adapters.MassTransit;

/// <summary>Sets the bus up on one transport. A further transport is a further implementation and a line in <see cref="MassTransitModule"/>.</summary>
internal interface IBusTransportSetup
{
    /// <summary>The transport.</summary>
    BusTransport Transport { get; }

    /// <summary>Chooses the transport and makes the one endpoint.</summary>
    /// <param name="bus">The bus under construction.</param>
    /// <param name="queue">Name of the endpoint's queue.</param>
    /// <param name="configureEndpoint">What is the same on every transport; to be called for the endpoint.</param>
    void Configure(IBusRegistrationConfigurator bus, string queue, Action<IBusRegistrationContext, IReceiveEndpointConfigurator> configureEndpoint);
}
