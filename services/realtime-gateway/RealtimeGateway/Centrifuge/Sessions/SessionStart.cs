using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>How a session begins.</summary>
/// <param name="Origin">The request that opened the connection.</param>
/// <param name="Upgrade">Its credential, accepted, if it had one.</param>
internal sealed record SessionStart(RequestOrigin Origin, (string Credential, AuthenticationVerdict Verdict)? Upgrade)
{
    /// <summary>The transport pings by itself: the protocol's own pings are left out.</summary>
    public bool ControlFramePings { get; init; }

    /// <summary>The client answers pings.</summary>
    public bool Pongs { get; init; } = true;

    /// <summary>The client says nothing after it has connected, and names in its request the channels that it wants.</summary>
    public bool OneWay { get; init; }

    /// <summary>Commands come by other requests.</summary>
    public bool Emulated { get; init; }

    /// <summary>Ends what such a command does when the client has gone.</summary>
    public CancellationToken Aborted { get; init; }
}
