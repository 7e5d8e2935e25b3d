using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Presence;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>What every channel needs.</summary>
/// <param name="Options">Limits.</param>
/// <param name="Shards">Who delivers.</param>
/// <param name="Histories">Memory of all histories.</param>
/// <param name="Metrics">Counters.</param>
/// <param name="Presence">Who listens here.</param>
/// <param name="Time">The clock.</param>
internal sealed record ChannelServices(
    GatewayOptions Options, IReadOnlyList<Shard> Shards, MemoryBudget Histories, GatewayMetrics Metrics, LocalPresence Presence, TimeProvider Time)
{
    /// <summary>Milliseconds since 1970.</summary>
    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();
}
