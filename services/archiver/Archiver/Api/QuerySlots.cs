using Microsoft.Extensions.Options;

namespace Millrace.Archiver.Api;

/// <summary>Bounds the queries that run at a time, for each tenant and for all. Thread-safe.</summary>
internal sealed class QuerySlots(IOptions<ArchiverOptions> options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _byTenant = new(StringComparer.Ordinal);
    private int _all;

    /// <summary>Takes a place; <see langword="null"/> when there is none, and then whose limit it was.</summary>
    public Slot? TryTake(string tenant, out bool tenantsOwnLimit)
    {
        lock (_gate)
        {
            var own = _byTenant.GetValueOrDefault(tenant);
            tenantsOwnLimit = own >= options.Value.Query.ConcurrentPerTenant;
            if (tenantsOwnLimit || _all >= options.Value.Query.Concurrent) return null;
            _byTenant[tenant] = own + 1;
            _all++;
            return new Slot(this, tenant);
        }
    }

    private void Return(string tenant)
    {
        lock (_gate)
        {
            _all--;
            var own = _byTenant[tenant] - 1;
            if (own == 0) _byTenant.Remove(tenant);
            else _byTenant[tenant] = own;
        }
    }

    /// <summary>A place; disposing it gives it back.</summary>
    internal sealed class Slot(QuerySlots owner, string tenant) : IDisposable
    {
        private QuerySlots? _owner = owner;

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Return(tenant);
    }
}
