using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Ingest.Quotas;

/// <summary>Settings under <c>Millrace:Quotas</c>: how much each tenant may send.</summary>
public sealed class QuotaOptions
{
    /// <summary>The quota of every tenant that has none of its own. Default: no limit.</summary>
    [ValidateObjectMembers]
    public TenantQuotaOptions Default { get; set; } = new();

    /// <summary>Quotas of single tenants by name; each stands in place of the default as a whole.</summary>
    public IDictionary<string, TenantQuotaOptions> Tenants { get; } = new Dictionary<string, TenantQuotaOptions>(StringComparer.Ordinal);
}

/// <summary>
/// The quota of a tenant: token buckets. Policy at the limit: 429 with <c>Retry-After</c>, counted as <c>millrace.ingest.quota.refusals</c>. A request
/// is let through while there is anything left and charged in full, so a batch larger than what is left makes the next ones wait longer.
/// </summary>
public sealed class TenantQuotaOptions
{
    /// <summary>Events a second, accepted and rejected ones alike; <see langword="null"/> (default) for no limit.</summary>
    [Range(1L, 1_000_000_000L)]
    public long? EventsPerSecond { get; set; }

    /// <summary>Bytes a second of decompressed bodies; <see langword="null"/> (default) for no limit.</summary>
    [Range(1024L, 1L << 40)]
    public long? BytesPerSecond { get; set; }

    /// <summary>How many seconds' worth of both may be used at once after a pause. Default 5.</summary>
    [Range(1, 3600)]
    public int BurstSeconds { get; set; } = 5;
}

/// <summary>Rules of <see cref="QuotaOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class QuotaOptionsValidator : IValidateOptions<QuotaOptions>;

/// <summary>Rules of <see cref="TenantQuotaOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class TenantQuotaOptionsValidator : IValidateOptions<TenantQuotaOptions>;

/// <summary>Holds the quota of each tenant to the rules of the default: the generated validator does not look into dictionaries.</summary>
internal sealed class TenantQuotaRules : IValidateOptions<QuotaOptions>
{
    private readonly TenantQuotaOptionsValidator _validator = new();

    public ValidateOptionsResult Validate(string? name, QuotaOptions options)
    {
        var failures = options.Tenants
            .Select(tenant => _validator.Validate($"{nameof(QuotaOptions.Tenants)}:{tenant.Key}", tenant.Value))
            .Where(result => result.Failed)
            .SelectMany(result => result.Failures ?? [])
            .ToList();
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
