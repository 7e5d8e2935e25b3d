using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Millrace.Ingest.Quotas;

/// <summary>The quotas of all tenants. There are as many entries as tenants that have sent anything, which only credentials can name.</summary>
internal sealed class TenantQuotas(IOptions<QuotaOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, TenantQuota?> _quotas = new(StringComparer.Ordinal);

    /// <summary>A tenant's quota, <see langword="null"/> when it has no limit.</summary>
    public TenantQuota? Of(string tenant) => _quotas.TryGetValue(tenant, out var quota) ? quota : _quotas.GetOrAdd(tenant, Make);

    private TenantQuota? Make(string tenant)
    {
        var own = options.Value.Tenants.TryGetValue(tenant, out var settings) ? settings : options.Value.Default;
        return own.EventsPerSecond is null && own.BytesPerSecond is null ? null : new TenantQuota(own, time);
    }
}
