using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Resilience;

/// <summary>How requests to the object store are repeated, section <c>Millrace:ObjectRetries</c>.</summary>
public sealed class ObjectRetryOptions
{
    /// <summary>How often a request that failed, but may yet succeed, is repeated. Default 6: with the default delays that is about 10 s.</summary>
    [Range(0, 100)]
    public int Retries { get; set; } = 6;

    /// <summary>Mean of the delay before the first repetition; it doubles with each further one, with jitter. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Greatest delay, a Retry-After of the store that asks for more included. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Checks the annotations above.</summary>
[OptionsValidator]
internal sealed partial class ObjectRetryOptionsValidator : IValidateOptions<ObjectRetryOptions>;
