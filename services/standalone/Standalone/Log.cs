namespace Millrace.Standalone;

internal static partial class Log
{
    [LoggerMessage(9000, LogLevel.Information, "The simulated shop sends to {Url}")]
    public static partial void DemoStarted(ILogger logger, Uri url);

    [LoggerMessage(9001, LogLevel.Warning, "An event batch of the simulated shop was answered with {Status}")]
    public static partial void DemoRefused(ILogger logger, int status);
}
