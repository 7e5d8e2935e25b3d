using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Ingest.Overload;

/// <summary>How much is taken in at a time, and how it is divided among tenants: <c>Millrace:Ingest:Overload</c>.</summary>
public sealed class OverloadOptions
{
    /// <summary>
    /// Requests whose events are read at the same time; a tenant has at most one less, so that another's never waits for the end of all of its. Unset
    /// (default): as many as processors, and at least two.
    /// </summary>
    [Range(1, 1024)]
    public int? Readers { get; set; }

    /// <summary>
    /// How long a tenant's requests may have to wait for their turn. Policy where they would wait longer for five seconds, or ten times as long with more than
    /// 16 MiB in line: further requests of this tenant are refused with 503 and <c>Retry-After</c>, before their body is read, counted as
    /// <c>millrace.ingest.overloads</c>. A tenant whose line is shorter than the average is never refused. Default 500 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long an append may take before less is given to the log at a time: what waits then waits in the tenants' own queues and not in the log's
    /// common one. Three times the quickest append of the last minute where that is more. Default 20 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan LogTarget { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// How long the aggregator may need to work off what it is behind. Beyond it tenants get no more beyond their share than the aggregator gets done, and what
    /// they send more is refused as above, until it is half as much. What one tenant sends too much makes the windows of all late by so long: longer takes
    /// in longer bursts, shorter keeps dashboards fresher. An aggregator that stands still holds nobody back: the log keeps what comes. Unset: never. Default 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan? MaxBacklog { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time that <c>Retry-After</c> names. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Rules of <see cref="OverloadOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class OverloadOptionsValidator : IValidateOptions<OverloadOptions>;
