namespace Millrace.RealtimeGateway.Fanout;

/// <summary>The way to one client. One write at a time.</summary>
internal interface IClientTransport
{
    /// <summary>
    /// Hands bytes to the network in full; completes synchronously whenever the network takes them at once. The caller keeps the memory
    /// unchanged until then.
    /// </summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Cuts the connection; a pending write and the reader fail. Safe from any thread, any number of times.</summary>
    void Abort();
}
