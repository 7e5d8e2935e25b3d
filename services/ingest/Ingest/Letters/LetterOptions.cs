using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Ingest.Letters;

/// <summary>Settings under <c>Millrace:Ingest:DeadLetters</c>: the list of refused events, and what sends them again.</summary>
public sealed class LetterOptions
{
    /// <summary>How long a refused event stays in the list. Older ones are dropped from it, counted. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Refused events that the list holds for a tenant. Policy at the limit: the oldest are dropped, counted. Default 100,000.</summary>
    [Range(1, 100_000_000)]
    public long MaxPerTenant { get; set; } = 100_000;

    /// <summary>Their bytes, together. Policy at the limit: the oldest are dropped, counted. Default 256 MiB, at least 1 MiB: the largest event.</summary>
    [Range(1024L * 1024, 1024L * 1024 * 1024 * 1024)]
    public long MaxBytesPerTenant { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// How long a redrive belongs to the instance that runs it after that last said so. When the instance dies, another takes the redrive up
    /// after so long. Default 30 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan RedriveLease { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Rules of <see cref="LetterOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class LetterOptionsValidator : IValidateOptions<LetterOptions>;
