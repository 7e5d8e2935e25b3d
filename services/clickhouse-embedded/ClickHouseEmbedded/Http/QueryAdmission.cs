using System.Collections.Concurrent;
using Millrace.ClickHouse.Embedded.Auth;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>
/// Limits the statements that run at once: all of them, those of all tenants together (so that the archiver always finds room), and those of one tenant.
/// Beyond a limit a statement is refused at once, as ClickHouse does.
/// </summary>
internal sealed class QueryAdmission(int limit, int tenantsLimit, int tenantLimit)
{
    private readonly ConcurrentDictionary<string, int> _byTenant = new(StringComparer.Ordinal);
    private int _all;
    private int _tenants;

    /// <summary>Takes a place; disposing gives it back.</summary>
    /// <exception cref="ChdbException">TOO_MANY_SIMULTANEOUS_QUERIES.</exception>
    public IDisposable Enter(Principal principal)
    {
        Take(ref _all, limit, "Too many simultaneous queries.");
        if (principal.Tenant is not { } tenant) return new Place(this, null);
        try
        {
            Take(ref _tenants, tenantsLimit, "Too many simultaneous queries of tenants.");
            if (_byTenant.AddOrUpdate(tenant, 1, static (_, n) => n + 1) > tenantLimit)
            {
                Leave(tenant);
                throw TooMany($"Too many simultaneous queries of '{tenant}'.", tenantLimit);
            }
            return new Place(this, tenant);
        }
        catch (ChdbException)
        {
            Interlocked.Decrement(ref _all);
            throw;
        }
    }

    private static void Take(ref int running, int limit, string message)
    {
        if (Interlocked.Increment(ref running) <= limit) return;
        Interlocked.Decrement(ref running);
        throw TooMany(message, limit);
    }

    private static ChdbException TooMany(string message, int limit) => ChdbException.Of(ServerError.TooManySimultaneousQueries, $"{message} Maximum: {limit}.");

    private void Leave(string tenant)
    {
        Interlocked.Decrement(ref _tenants);
        // An entry at zero is removed, but only as it is: a tenant that has come back meanwhile keeps its count.
        if (_byTenant.AddOrUpdate(tenant, 0, static (_, n) => n - 1) == 0) _byTenant.TryRemove(new(tenant, 0));
    }

    private sealed class Place(QueryAdmission owner, string? tenant) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0) return;
            if (tenant is not null) owner.Leave(tenant);
            Interlocked.Decrement(ref owner._all);
        }
    }
}
