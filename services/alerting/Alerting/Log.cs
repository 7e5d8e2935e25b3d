using Microsoft.Extensions.Logging;
using Millrace.Contracts.Protos;

namespace Millrace.Alerting;

/// <summary>Log messages of this project: event ids 5000 to 5999.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Information, "Partition {Partition} of the windows is evaluated from offset {Offset} on, with {Series} saved series.")]
    public static partial void PartitionTaken(ILogger logger, int partition, long offset, int series);

    [LoggerMessage(5001, LogLevel.Information, "Alert of {Tenant}/{Rule} for series '{Type}' '{Key}': {From} to {To} ({Reason}).")]
    public static partial void AlertChanged(
        ILogger logger, string tenant, string rule, string type, string key, AlertState from, AlertState to, string reason);

    [LoggerMessage(5002, LogLevel.Error, "Rule {Tenant}/{Rule} can't be read and is not evaluated: {Errors}")]
    public static partial void RuleUnreadable(ILogger logger, string tenant, string rule, string errors);

    [LoggerMessage(5003, LogLevel.Warning, "Notification {Id} of {Tenant} to receiver {Receiver} failed at attempt {Attempt}: {Detail}")]
    public static partial void AttemptFailed(ILogger logger, string id, string tenant, string receiver, int attempt, string detail);

    [LoggerMessage(5004, LogLevel.Error, "Notification {Id} of {Tenant} to receiver {Receiver} is given up after attempt {Attempt}: {Detail}")]
    public static partial void DeliveryGivenUp(ILogger logger, string id, string tenant, string receiver, int attempt, string detail);

    [LoggerMessage(5005, LogLevel.Warning, "The notification bus did not take notification {Id}; it is tried again.")]
    public static partial void BusRefused(ILogger logger, string id, Exception exception);

    [LoggerMessage(5006, LogLevel.Debug, "The position in partition {Partition} of the windows could not be committed; the next one stands for it.")]
    public static partial void CommitRefused(ILogger logger, int partition, Exception exception);

    [LoggerMessage(5009, LogLevel.Warning, "This instance could not sign off; what it had under way is taken up by others in some seconds.")]
    public static partial void FarewellFailed(ILogger logger, Exception exception);

    [LoggerMessage(5007, LogLevel.Information, "Housekeeping removed {Alerts} alerts, {Deliveries} deliveries and {Rules} deleted rules.")]
    public static partial void Purged(ILogger logger, int alerts, int deliveries, int rules);

    [LoggerMessage(5008, LogLevel.Error, "The channel {Channel} failed at notification {Id}; that counts as a failed attempt.")]
    public static partial void ChannelFailed(ILogger logger, string id, string channel, Exception exception);
}
