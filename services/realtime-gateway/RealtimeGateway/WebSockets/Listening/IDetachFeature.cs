namespace Millrace.RealtimeGateway.WebSockets.Listening;

/// <summary>A feature of requests whose socket can be taken out of the web server.</summary>
internal interface IDetachFeature
{
    /// <summary>
    /// Takes the socket out, once the handshake has been answered and nobody reads or writes through the server: when the request ends the server forgets the connection,
    /// and the socket lives on.
    /// </summary>
    DetachedSocket Detach();
}
