using Millrace.Contracts.Protos;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Presence;

/// <summary>A gateway as the others know it.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Lease">What it said last.</param>
internal sealed record NodeState(string Id, NodeLease Lease);

/// <summary>What all gateways said of who listens, as far as their leases hold. The reader of the topic writes, anybody asks. Thread-safe.</summary>
internal sealed class PresenceTable
{
    // What is read before the first lease waits for that: it stands behind, or the gateway is gone.
    private const long LongestTtlMs = 10 * 60 * 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal);

    /// <summary>A gateway gave a sign of life, or said that it ends.</summary>
    /// <returns>Whether it had none: others may have forgotten what it said before, or never have known it.</returns>
    public bool Renew(string node, NodeLease lease, long atMs)
    {
        lock (_gate)
        {
            var known = Of(node, atMs);
            var lapsed = known.Lease is null || known.EndsMs < atMs;
            known.Lease = lease;
            known.EndsMs = lease.TtlMs > 0 ? atMs + lease.TtlMs : 0;
            return lapsed;
        }
    }

    /// <summary>A client listens.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Join(string node, ChannelName name, ClientInfo info, long atMs)
    {
        lock (_gate)
        {
            var channels = Of(node, atMs).Channels;
            if (!channels.TryGetValue(name.Key, out var clients)) channels.Add(name.Key, clients = (name, new Dictionary<string, ClientInfo>(StringComparer.Ordinal)));
            var news = !clients.Clients.ContainsKey(info.Client);
            clients.Clients[info.Client] = info;
            return news;
        }
    }

    /// <summary>A client no longer listens.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Leave(string node, ChannelName name, ClientInfo info)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(node, out var known) || !known.Channels.TryGetValue(name.Key, out var clients) || !clients.Clients.Remove(info.Client)) return false;
            if (clients.Clients.Count == 0) known.Channels.Remove(name.Key);
            return true;
        }
    }

    /// <summary>So many listen to a channel at a gateway.</summary>
    public void Count(string node, ChannelName name, int subscribers, long atMs)
    {
        lock (_gate)
        {
            var counts = Of(node, atMs).Counts;
            if (subscribers == 0) counts.Remove(name.Key);
            else counts[name.Key] = (name, subscribers);
        }
    }

    /// <summary>Forgets the gateways whose lease has run out, and what they said.</summary>
    /// <param name="nowMs">Log time.</param>
    /// <returns>Who no longer listens for that.</returns>
    public IReadOnlyList<(ChannelName Name, ClientInfo Info)> Expire(long nowMs)
    {
        lock (_gate)
        {
            List<(ChannelName, ClientInfo)>? gone = null;
            foreach (var (id, node) in _nodes)
            {
                if (node.EndsMs >= nowMs) continue;
                gone ??= [];
                foreach (var (name, clients) in node.Channels.Values) gone.AddRange(clients.Values.Select(info => (name, info)));
                // Removing is allowed while a dictionary is walked.
                _nodes.Remove(id);
            }

            return gone ?? [];
        }
    }

    /// <summary>Who listens to a channel, at other gateways than one.</summary>
    public IReadOnlyList<ClientInfo> Elsewhere(string node, ChannelName name)
    {
        lock (_gate)
        {
            var found = new List<ClientInfo>();
            foreach (var (id, other) in _nodes)
            {
                if (other.Lease is not null && id != node && other.Channels.TryGetValue(name.Key, out var clients)) found.AddRange(clients.Clients.Values);
            }

            return found;
        }
    }

    /// <summary>How many listen to each channel, at other gateways than one.</summary>
    public IReadOnlyList<(ChannelName Name, int Subscribers)> CountsElsewhere(string node)
    {
        lock (_gate) return [.. _nodes.Where(other => other.Value.Lease is not null && other.Key != node).SelectMany(other => other.Value.Counts.Values)];
    }

    /// <summary>The gateways that live.</summary>
    public IReadOnlyList<NodeState> Nodes
    {
        get
        {
            lock (_gate) return [.. _nodes.Where(node => node.Value.Lease is not null).Select(node => new NodeState(node.Key, node.Value.Lease!))];
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_gate) _nodes.Clear();
    }

    private Node Of(string id, long atMs)
    {
        if (!_nodes.TryGetValue(id, out var node)) _nodes.Add(id, node = new Node { EndsMs = atMs + LongestTtlMs });
        return node;
    }

    private sealed class Node
    {
        public NodeLease? Lease { get; set; }

        public long EndsMs { get; set; }

        public Dictionary<string, (ChannelName Name, Dictionary<string, ClientInfo> Clients)> Channels { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, (ChannelName Name, int Subscribers)> Counts { get; } = new(StringComparer.Ordinal);
    }
}
