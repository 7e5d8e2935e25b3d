using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.MassTransit;

/// <summary>Log messages of this project: event ids 8750 to 8999.</summary>
internal static partial class Log
{
    [LoggerMessage(8750, LogLevel.Error, "The handler of notification {Id}, attempt {Attempt}, failed (repetition {Repetition}).")]
    public static partial void HandlerFailed(ILogger logger, string id, int attempt, int repetition, Exception exception);
}
