using MassTransit;

namespace Millrace.Adapters.MassTransit;

/// <summary>What is different from transport to transport.</summary>
internal interface IBusTransport
{
    /// <summary>For messages to people.</summary>
    string Name { get; }

    /// <summary>Where commands are sent.</summary>
    Uri Address { get; }

    /// <summary>Sets up a command before it is sent.</summary>
    void Prepare(SendContext context);
}
