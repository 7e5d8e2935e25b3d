using System.ComponentModel.DataAnnotations;
using Millrace.Contracts.Events;

namespace Millrace.Archiver;

/// <summary>When the archive marks an event as late. Each must be what the aggregator has, so that what is marked is what no window holds.</summary>
public sealed class LatenessOptions
{
    /// <summary>The smallest of the aggregator's window sizes. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The aggregator's <c>OutOfOrderness</c>. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan OutOfOrderness { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The aggregator's <c>IdleTimeout</c>. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The aggregator's <c>AllowedLateness</c>. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan AllowedLateness { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The rules that follow.</summary>
    internal LatenessRules Rules => new(
        (long)Window.TotalMilliseconds, (long)OutOfOrderness.TotalMilliseconds, (long)IdleTimeout.TotalMilliseconds, (long)AllowedLateness.TotalMilliseconds);
}
