using System.ComponentModel.DataAnnotations;

namespace Millrace.RealtimeGateway;

/// <summary>Who listens, across gateways: <c>Millrace:Gateway:Presence</c>.</summary>
public sealed class GatewayPresenceOptions
{
    /// <summary>
    /// Lease of a gateway: this long after its last sign of life (it gives one every third of it) the clients of a gateway that was killed are no longer present.
    /// Default 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often everything that still holds is said again, for gateways that start: they read back this far, and a little more. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:30:00")]
    public TimeSpan Renewal { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Name of this instance in <c>info</c>. Default: that of the machine.</summary>
    public string? NodeName { get; init; }
}
