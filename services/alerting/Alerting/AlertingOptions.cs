using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Alerting;

/// <summary>Options of the alerting service, section <c>Millrace:Alerting</c>.</summary>
public sealed class AlertingOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Millrace:Alerting";

    internal const string AggregatorWindowSizes = "Millrace:Aggregator:WindowSizes";

    private static readonly TimeSpan[] DefaultWindows = [TimeSpan.FromSeconds(1)];

    /// <summary>
    /// Sizes of windows that rules may name; the sizes that the aggregator makes. Default (when empty): those of <c>Millrace:Aggregator:WindowSizes</c>,
    /// else 1 s. A rule that names another one is refused.
    /// </summary>
    public IList<TimeSpan> WindowSizes { get; } = [];

    /// <summary>The sizes that are in force.</summary>
    internal IReadOnlyList<TimeSpan> Windows => WindowSizes.Count == 0 ? DefaultWindows : [.. WindowSizes];

    /// <summary>
    /// Log time after the end of a window from which on, in a stream that has fallen silent, its absence counts as an empty window: the aggregator's idle timeout
    /// (2 s), its out-of-orderness (500 ms) and a second and a half for the way. Default 4 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan SilenceDelay { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long after a start absent windows are neither empty nor full: while Millrace was down nobody could send, and producers need a moment to
    /// come back. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RestartGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a series without events and without an alert is remembered. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SeriesRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Series that one rule follows at most; further ones are passed over and counted. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxSeriesPerRule { get; set; } = 10_000;

    /// <summary>Rules of a tenant. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int MaxRulesPerTenant { get; set; } = 1_000;

    /// <summary>Receivers of a tenant. Default 100.</summary>
    [Range(1, 10_000)]
    public int MaxReceiversPerTenant { get; set; } = 100;

    /// <summary>How long resolved alerts and finished deliveries are kept. Default 30 d.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Address under which people reach this installation, for links in notifications. Unset: links are paths.</summary>
    public Uri? ExternalUrl { get; set; }

    /// <summary>Delivery of notifications.</summary>
    [ValidateObjectMembers]
    public DeliveryOptions Delivery { get; set; } = new();

    /// <summary>Webhooks.</summary>
    [ValidateObjectMembers]
    public WebhookOptions Webhooks { get; set; } = new();
}

/// <summary>How notifications are delivered.</summary>
public sealed class DeliveryOptions
{
    /// <summary>Attempts before a delivery fails for good. Default 12: with the default delays that is about an hour.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 12;

    /// <summary>Age at which a delivery fails for good. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "30.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Upper bound of the delay after the first failure; it doubles with each further one. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Greatest delay between two attempts, a Retry-After that asks for more included. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Deliveries under way at once. Default 32.</summary>
    [Range(1, 1000)]
    public int MaxInFlight { get; set; } = 32;

    /// <summary>Deliveries under way at once to one receiver, so that a slow one does not hold up the others. Default 4.</summary>
    [Range(1, 100)]
    public int MaxInFlightPerReceiver { get; set; } = 4;

    /// <summary>Deliveries of a tenant that may wait; further ones fail at once, visibly. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>
    /// How long an attempt may take before it counts as lost and is repeated, with the same id. Default 1 min; longer than the timeout of any channel.
    /// That of an instance which was killed is repeated within 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Name by which people know this process among those that share the database. It need not be unique. Default: the machine's name.
    /// </summary>
    [Required, StringLength(200, MinimumLength = 1)]
    public string InstanceName { get; set; } = Environment.MachineName;
}

/// <summary>What webhooks may do.</summary>
public sealed class WebhookOptions
{
    /// <summary>
    /// Whether a webhook may go to a private, loopback, link-local or otherwise not public address. Default false: who may make a receiver could
    /// else reach what only this machine reaches.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>How long a receiver has for its answer. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Checks <see cref="AlertingOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class AlertingOptionsValidator : IValidateOptions<AlertingOptions>;
