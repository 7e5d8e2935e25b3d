using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Presence;

/// <summary>Answers who listens, here and at the other gateways.</summary>
internal sealed class PresenceReader(PresenceTable table, LocalPresence local, ChannelRegistry registry, GatewayNode self)
{
    // As long as a client waits for a reply by itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>Completes when this gateway has read what the others said.</summary>
    /// <exception cref="TimeoutException">The log cannot be read at the moment.</exception>
    public Task ReadyAsync(TimeProvider time, CancellationToken cancellationToken) => registry.Presence.Ready.WaitAsync(Patience, time, cancellationToken);

    /// <summary>Who listens to a channel.</summary>
    public IReadOnlyList<ClientInfo> Of(ChannelName name) => [.. local.Of(name), .. table.Elsewhere(self.Id, name)];

    /// <summary>How many users these clients are of.</summary>
    public static int Users(IEnumerable<ClientInfo> clients) => clients.Select(client => client.User).Distinct(StringComparer.Ordinal).Count();

    /// <summary>How many listen to each channel.</summary>
    public Dictionary<ChannelName, int> Counts()
    {
        var counts = new Dictionary<ChannelName, int>();
        foreach (var channel in registry.All.Where(channel => channel.HasSubscribers)) counts[channel.Name] = channel.Subscribers;
        foreach (var (name, subscribers) in table.CountsElsewhere(self.Id)) counts[name] = counts.GetValueOrDefault(name) + subscribers;
        return counts;
    }

    /// <summary>The gateways.</summary>
    public IReadOnlyList<NodeState> Nodes => table.Nodes;
}
