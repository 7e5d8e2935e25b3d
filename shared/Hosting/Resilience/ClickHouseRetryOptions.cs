using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Resilience;

/// <summary>How queries of ClickHouse are repeated, section <c>Millrace:ClickHouseRetries</c>. Inserts and changes are repeated by who knows whether they may.</summary>
public sealed class ClickHouseRetryOptions
{
    /// <summary>How often a query whose server could not be reached is repeated before its first row. Default 2.</summary>
    [Range(0, 20)]
    public int Retries { get; set; } = 2;

    /// <summary>Mean of the delay before the first repetition; it doubles with each further one, with jitter. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:30")]
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(100);
}

/// <summary>Checks the annotations above.</summary>
[OptionsValidator]
internal sealed partial class ClickHouseRetryOptionsValidator : IValidateOptions<ClickHouseRetryOptions>;
