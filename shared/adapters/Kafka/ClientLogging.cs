using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.Kafka;

/// <summary>What librdkafka says, to the service's log.</summary>
internal static class ClientLogging
{
    /// <summary>A level of syslog, which librdkafka uses, as the framework's. What librdkafka calls an error it goes on after by itself.</summary>
    public static LogLevel LevelOf(int syslog) => syslog switch
    {
        <= 2 => LogLevel.Error,
        3 or 4 => LogLevel.Warning,
        5 or 6 => LogLevel.Debug,
        _ => LogLevel.Trace,
    };

    /// <summary>Takes a message of Confluent.Kafka's.</summary>
    public static void Write(ILogger logger, LogMessage message) => Write(logger, (int)message.Level, message.Facility, message.Message);

    /// <summary>Takes a message of librdkafka's.</summary>
    public static void Write(ILogger logger, int level, string facility, string text)
    {
        var mapped = LevelOf(level);
        if (logger.IsEnabled(mapped)) Log.ClientLog(logger, mapped, facility, text);
    }
}
