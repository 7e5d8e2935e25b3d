using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.MassTransit;

/// <summary>Log messages of this project: event ids 8750 to 8999.</summary>
internal static partial class Log
{
    [LoggerMessage(8750, LogLevel.Error, "The handler of notification {Id}, attempt {Attempt}, failed (repetition {Repetition}).")]
    public static partial void HandlerFailed(ILogger logger, string id, int attempt, int repetition, Exception exception);

    [LoggerMessage(8751, LogLevel.Warning, "Notification {Id}, attempt {Attempt}, comes again in {DelaySeconds:0.###} s: {Reason}")]
    public static partial void Redelivered(ILogger logger, string id, int attempt, double delaySeconds, string reason);

    [LoggerMessage(8752, LogLevel.Error, "Notification {Id}, attempt {Attempt}, goes to the error queue after {Redeliveries} redeliveries.")]
    public static partial void ToErrorQueue(ILogger logger, string id, int attempt, int redeliveries, Exception exception);
}
