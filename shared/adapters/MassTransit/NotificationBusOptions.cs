using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.MassTransit;

/// <summary>Settings of the notification bus, section <c>Millrace:Notifications</c>.</summary>
public sealed class NotificationBusOptions
{
    /// <summary>Name of the section under <c>Millrace</c>.</summary>
    internal const string Section = "Notifications";

    /// <summary>Commands that this process handles at once; further ones wait on the bus. Default 32.</summary>
    [Range(1, 1000)]
    public int Concurrency { get; set; } = 32;

    /// <summary>How often a command whose handler failed (not: whose delivery failed) is handled again at once, with growing pauses. Default 3.</summary>
    [Range(0, 20)]
    public int Retries { get; set; } = 3;

    /// <summary>Pause before the first of these retries; each further one is longer. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the bus may take to accept a command before the sender is told that it can't. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Checks the annotations above.</summary>
[OptionsValidator]
internal sealed partial class NotificationBusOptionsValidator : IValidateOptions<NotificationBusOptions>;
