using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Millrace.RealtimeGateway.Presence;

/// <summary>This instance among the gateways.</summary>
internal sealed class GatewayNode(IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Id of this instance; another after each start.</summary>
    public string Id { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>Name for people.</summary>
    public string Name => options.Value.Presence.NodeName ?? Environment.MachineName;

    /// <summary>Version of the program.</summary>
    public string Version { get; } = typeof(GatewayNode).Assembly.GetName().Version is { } v ? $"{v.Major}.{v.Minor}.{v.Build}" : "0.0.0";

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();
}
