using Microsoft.Extensions.Logging;

namespace Millrace.Archiver;

/// <summary>Log messages of this project: event ids 6000 to 6999.</summary>
internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Information, "Partition {Partition} of {Topic}: archiving from offset {Offset}, after {Warm} offsets to warm the duplicate filter.")]
    public static partial void PartitionOpened(ILogger logger, string topic, int partition, long offset, long warm);

    [LoggerMessage(6001, LogLevel.Error, "Sink {Sink} goes on at offset {Next} of {Topic}/{Partition}, but the log begins at {Earliest}: the records between are gone.")]
    public static partial void RecordsGone(ILogger logger, string sink, string topic, int partition, long next, long earliest);

    [LoggerMessage(6002, LogLevel.Error, "The record at {Topic}/{Partition}/{Offset} is no event; it is passed over.")]
    public static partial void NotAnEvent(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(6003, LogLevel.Warning, "Sink {Sink}, {Topic}/{Partition}: {Step} failed (attempt {Attempt}); again in {Seconds:0.0} s.")]
    public static partial void StepFailed(
        ILogger logger, string sink, string topic, int partition, string step, int attempt, double seconds, Exception exception);

    [LoggerMessage(6004, LogLevel.Warning, "Partition {Partition} was taken over by another instance while this one was away; it is let go.")]
    public static partial void PartitionLost(ILogger logger, int partition);

    [LoggerMessage(6005, LogLevel.Warning, "Sink {Sink} fails and its buffer is full; it is left behind so that the other goes on: {Reason}")]
    public static partial void SinkDetached(ILogger logger, string sink, string reason);

    [LoggerMessage(6006, LogLevel.Information, "A sink that was left behind works again, or rules have changed; reading goes on from where the sinks stand.")]
    public static partial void ReadingResumes(ILogger logger);

    [LoggerMessage(6007, LogLevel.Warning, "No aggregator has ever started on this metadata database, so there are no rules of lateness and duplicates yet; archiving waits for them.")]
    public static partial void RulesMissing(ILogger logger);

    [LoggerMessage(6008, LogLevel.Warning, "The aggregator's rules of lateness and duplicates were {Before} and are now {Now}; they hold from where the sinks stand.")]
    public static partial void RulesChanged(ILogger logger, string before, string now);

    [LoggerMessage(6010, LogLevel.Information, "ClickHouse schema step {Version} ({Name}) done.")]
    public static partial void MigrationDone(ILogger logger, int version, string name);

    [LoggerMessage(6011, LogLevel.Information, "ClickHouse table setting '{Name}' is now '{Value}'.")]
    public static partial void SettingApplied(ILogger logger, string name, string value);

    [LoggerMessage(EventId = 6012, Message = "Waiting for ClickHouse: {Reason}")]
    public static partial void SchemaWaits(ILogger logger, LogLevel level, string reason);

    [LoggerMessage(6013, LogLevel.Information, "Cut {Cut}: found whole in ClickHouse.")]
    public static partial void CutFoundWhole(ILogger logger, string cut);

    [LoggerMessage(6014, LogLevel.Warning, "Cut {Cut}: {Missing} of its tables and weeks are missing in ClickHouse; writing those again.")]
    public static partial void CutRepaired(ILogger logger, string cut, int missing);

    [LoggerMessage(6015, LogLevel.Error, "Cut {Cut}: ClickHouse has {Found} rows where {Expected} belong.")]
    public static partial void CutDiffers(ILogger logger, string cut, long found, long expected);

    [LoggerMessage(6016, LogLevel.Information, "ClickHouse user {User} stands for tenant {Tenant}.")]
    public static partial void UserMade(ILogger logger, string user, string tenant);

    [LoggerMessage(6017, LogLevel.Error, "The archiver's user may not manage users on ClickHouse (grant it ACCESS MANAGEMENT, or set Millrace:Archiver:BiUsers:Mode to Off): {Reason}")]
    public static partial void UsersRefused(ILogger logger, string reason);

    [LoggerMessage(6020, LogLevel.Warning, "Object {Key} is of another life of the log; this one is stored beside it as {Other}.")]
    public static partial void ObjectBeside(ILogger logger, string key, string other);

    [LoggerMessage(6021, LogLevel.Warning, "Object {Key} exists with the same events in other bytes (written by another version?); it stays as it is.")]
    public static partial void ObjectDiffers(ILogger logger, string key);

    [LoggerMessage(6022, LogLevel.Error, "Object {Key} is damaged: {Problem}. Nothing of it is used; restore it from a copy under the same key.")]
    public static partial void ArchiveDamaged(ILogger logger, string key, string problem);

    [LoggerMessage(6030, LogLevel.Warning, "Replay {Replay} can't go on now; it is taken up again soon.")]
    public static partial void ReplayWaits(ILogger logger, string replay, Exception exception);

    [LoggerMessage(6031, LogLevel.Error, "Replay {Replay} failed.")]
    public static partial void ReplayFailed(ILogger logger, string replay, Exception exception);

    [LoggerMessage(6032, LogLevel.Warning, "Replay {Replay} is stopped: it, or the waiting of the sink into ClickHouse, is no longer its own.")]
    public static partial void ReplayLost(ILogger logger, string replay, Exception exception);
}
