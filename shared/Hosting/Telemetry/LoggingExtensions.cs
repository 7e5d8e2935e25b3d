using Microsoft.Extensions.Logging;

namespace Millrace.Hosting.Telemetry;

/// <summary>Sets logging up from <see cref="TelemetryOptions"/>.</summary>
internal static class LoggingExtensions
{
    public static void AddMillraceConsole(this ILoggingBuilder logging, TelemetryOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        // The forwarder tells of each request twice.
        logging.AddFilter("Yarp", LogLevel.Warning);
        // A failed start is told in one line by HostRunner; the host itself would add a page of stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // It would tell at every probe what /health tells who asks.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        // As long as this category is on, ASP.NET Core makes an Activity for every request, which only traces need.
        if (options.OtlpEndpoint is null)
            logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        if (options.Logs == LogFormat.Json)
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
                console.IncludeScopes = true;
            });
        else
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
    }
}
