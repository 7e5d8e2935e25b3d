using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.Postgres;

/// <summary>Log messages of this project: event ids 8625 to 8749.</summary>
internal static partial class Log
{
    [LoggerMessage(8625, LogLevel.Information, "Migrated {Module} to version {Version}: {Name}.")]
    public static partial void Migrated(ILogger logger, string module, int version, string name);

    [LoggerMessage(8626, LogLevel.Warning, "The connection for changes in {Place} is gone; who waits for changes is told that anything may have changed once it is back.")]
    public static partial void ListenerLost(ILogger logger, string place, Exception exception);

    [LoggerMessage(8627, LogLevel.Warning, "A connection to {Place} broke in a transaction, which is run again: {Reason}")]
    public static partial void ConnectionBroken(ILogger logger, string place, string reason);

    [LoggerMessage(8628, LogLevel.Warning, "A connection to {Place} broke while a transaction was committed; asking what became of it: {Reason}")]
    public static partial void CommitInDoubt(ILogger logger, string place, string reason);

    [LoggerMessage(8629, LogLevel.Warning, "The content of a notification in {Place} can't be read; its readers are told that anything may have changed.")]
    public static partial void PayloadLost(ILogger logger, string place, Exception exception);
}
