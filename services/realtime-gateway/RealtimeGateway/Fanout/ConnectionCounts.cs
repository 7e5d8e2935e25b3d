using System.Collections.Concurrent;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>How many connections each tenant and each user has, where that is limited. Thread-safe.</summary>
internal sealed class ConnectionCounts(GatewayConnectionOptions limits)
{
    private readonly ConcurrentDictionary<string, int> _tenants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Tenant, string User), int> _users = new();

    /// <summary>Counts one more.</summary>
    /// <returns><see langword="false"/> when the tenant or the user has as many as it may; it is not counted then.</returns>
    public bool TryEnter(ConnectionIdentity who)
    {
        if (!TryAdd(_tenants, who.Tenant, limits.TenantLimit)) return false;
        if (TryAdd(_users, (who.Tenant, who.User), limits.UserLimit)) return true;
        Remove(_tenants, who.Tenant, limits.TenantLimit);
        return false;
    }

    /// <summary>Counts one less.</summary>
    public void Leave(ConnectionIdentity who)
    {
        Remove(_tenants, who.Tenant, limits.TenantLimit);
        Remove(_users, (who.Tenant, who.User), limits.UserLimit);
    }

    private static bool TryAdd<TKey>(ConcurrentDictionary<TKey, int> counts, TKey key, int? limit)
        where TKey : notnull
    {
        if (limit is not { } most) return true;
        while (true)
        {
            if (counts.TryGetValue(key, out var count))
            {
                if (count >= most) return false;
                if (counts.TryUpdate(key, count + 1, count)) return true;
            }
            else if (counts.TryAdd(key, 1))
            {
                return true;
            }
        }
    }

    private static void Remove<TKey>(ConcurrentDictionary<TKey, int> counts, TKey key, int? limit)
        where TKey : notnull
    {
        if (limit is null) return;
        while (counts.TryGetValue(key, out var count))
        {
            if (count <= 1 ? counts.TryRemove(new KeyValuePair<TKey, int>(key, count)) : counts.TryUpdate(key, count - 1, count)) return;
        }
    }
}
