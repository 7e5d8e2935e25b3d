namespace Millrace.Alerting.Notifications;

/// <summary>
/// Delays between attempts: exponential with full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015), so that the receivers of a burst do not
/// get it again as a burst.
/// </summary>
internal static class Backoff
{
    /// <summary>The delay after a failed attempt.</summary>
    /// <param name="options">Base and greatest delay.</param>
    /// <param name="attempts">Attempts made, at least 1.</param>
    /// <param name="retryAfter">What the receiver asked for: never sooner, but never later than the greatest delay.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public static TimeSpan After(DeliveryOptions options, int attempts, TimeSpan? retryAfter, double random)
    {
        var ceiling = Math.Min(options.BaseDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempts - 1, 30)), options.MaxDelay.TotalMilliseconds);
        var delay = TimeSpan.FromMilliseconds(Math.Max(1, ceiling * random));
        if (retryAfter > delay) delay = retryAfter.Value;
        return delay > options.MaxDelay ? options.MaxDelay : delay;
    }
}
