using System.Collections.Concurrent;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>What a tenant's connections use. Thread-safe.</summary>
/// <param name="tenant">Its label.</param>
internal sealed class TenantUsage(string tenant)
{
    private long _connections;
    private long _messages;
    private long _bytes;

    public string Tenant => tenant;

    public long Connections => Volatile.Read(ref _connections);

    public long Messages => Volatile.Read(ref _messages);

    public long Bytes => Volatile.Read(ref _bytes);

    public void Connected(int by) => Interlocked.Add(ref _connections, by);

    public void Sent(long messages, long bytes)
    {
        Interlocked.Add(ref _messages, messages);
        Interlocked.Add(ref _bytes, bytes);
    }
}

/// <summary>The tenants' usage for metrics: the first hundred tenants that come have a label of their own, all others one together.</summary>
internal sealed class TenantUsages
{
    /// <summary>Tenants with a label of their own.</summary>
    public const int Most = 100;

    /// <summary>Label of the others; no tenant can be called so.</summary>
    public const string Others = "(others)";

    private readonly ConcurrentDictionary<string, TenantUsage> _usages = new(StringComparer.Ordinal);
    private readonly TenantUsage _others = new(Others);

    /// <summary>All that there is something to say of.</summary>
    public IEnumerable<TenantUsage> All => _usages.Values.Append(_others);

    /// <summary>A tenant's.</summary>
    public TenantUsage Of(string tenant)
    {
        if (_usages.TryGetValue(tenant, out var known)) return known;
        // Two that come at once may make it one or two more.
        return _usages.Count < Most ? _usages.GetOrAdd(tenant, static name => new TenantUsage(name)) : _others;
    }
}
