using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.RealtimeGateway.Forwarding;

/// <summary>
/// Addresses of the other services where they run apart. The gateway forwards to them what comes to it and is theirs, so that one address serves
/// producers, dashboards and BI without a proxy before them. Unset (the default, and in standalone): nothing is forwarded.
/// </summary>
public sealed class GatewayForwardOptions : IValidatableObject
{
    /// <summary>The ingest service, such as <c>http://ingest:8081</c>: takes <c>/ingest</c> and <c>/api/v1/dead-letters</c>.</summary>
    public Uri? Ingest { get; init; }

    /// <summary>The alerting service: takes <c>/api/v1/rules</c>, <c>alerts</c>, <c>receivers</c> and <c>deliveries</c>.</summary>
    public Uri? Alerting { get; init; }

    /// <summary>The archiver: takes <c>/api/v1/metrics</c>, <c>events</c>, <c>query</c>, <c>bi-credentials</c> and <c>replays</c>.</summary>
    public Uri? Archiver { get; init; }

    /// <summary>How long a request may go without a byte in either direction. Default 2 minutes, more than the longest query.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, address) in ((string, Uri?)[])[(nameof(Ingest), Ingest), (nameof(Alerting), Alerting), (nameof(Archiver), Archiver)])
        {
            if (address is not null && (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https")))
                yield return new ValidationResult($"Forward:{name} is '{address}'; it must be an address such as http://{name.ToLowerInvariant()}:8080.");
        }
    }
}

/// <summary>Rules of <see cref="GatewayForwardOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class GatewayForwardOptionsValidator : IValidateOptions<GatewayForwardOptions>;
