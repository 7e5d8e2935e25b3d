using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Incidents;

/// <summary>Settings under <c>Millrace:Incidents</c>.</summary>
public sealed class IncidentOptions
{
    /// <summary>How long an incident that has ended is kept. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Incidents kept, at most; beyond it the oldest that have ended go. Default 10,000.</summary>
    [Range(10, 10_000_000)]
    public int MaxKept { get; set; } = 10_000;

    /// <summary>
    /// Incidents that one process holds at a time, open ones and those not yet written; further reports are left out and counted as
    /// <c>millrace.incidents.dropped</c>. Default 1,000.
    /// </summary>
    [Range(10, 1_000_000)]
    public int MaxHeld { get; set; } = 1_000;
}

/// <summary>Rules of <see cref="IncidentOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class IncidentOptionsValidator : IValidateOptions<IncidentOptions>;
