using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>Which streams there are, for selectors. Thread-safe, bounded for each tenant: beyond it the longest silent one goes.</summary>
internal sealed class StreamDirectory(IOptions<GatewayOptions> options)
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, long>> _tenants = new(StringComparer.Ordinal);

    /// <summary>Notes that a stream had a window.</summary>
    public void Seen(ChannelName channel, long atMs)
    {
        var streams = _tenants.GetOrAdd(channel.Owner, static _ => new ConcurrentDictionary<string, long>(StringComparer.Ordinal));
        if (streams.TryGetValue(channel.Rest, out var known))
        {
            // Once a second is enough for a list that people look at.
            if (atMs - known >= 1000) streams[channel.Rest] = atMs;
            return;
        }

        if (streams.Count >= options.Value.StreamsPerTenant) streams.TryRemove(streams.MinBy(s => s.Value).Key, out _);
        streams[channel.Rest] = atMs;
    }

    /// <summary>A tenant's streams by name, with the time of the last window.</summary>
    public IReadOnlyList<(string Stream, long LastSeenMs)> Of(string tenant) =>
        _tenants.TryGetValue(tenant, out var streams)
            ? [.. streams.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (s.Key, s.Value))]
            : [];
}
