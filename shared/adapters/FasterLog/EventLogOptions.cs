using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Millrace.Adapters.FasterLog.Groups;

namespace Millrace.Adapters.FasterLog;

/// <summary>Settings of the embedded event log, section <c>Millrace:EventLog</c>.</summary>
public sealed class EventLogOptions
{
    /// <summary>Name of the section under <c>Millrace</c>.</summary>
    internal const string Section = "EventLog";

    /// <summary>Smallest limit of a topic's bytes.</summary>
    internal const long LeastBytes = 1L << 20;

    /// <summary>Folder of the log; one process owns it. Default <c>data/event-log</c> under the working directory.</summary>
    [Required]
    public string Directory { get; set; } = Path.Combine("data", "event-log");

    /// <summary>By topic name: what differs from the defaults below.</summary>
    public Dictionary<string, TopicOptions> Topics { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Partitions of a topic that names none. Fixed when a topic is created. Default 1.</summary>
    [Range(1, GroupFile.MaxPartitions)]
    public int Partitions { get; set; } = 1;

    /// <summary>Bytes that a topic may take on disk when it names none. Default 1 GiB. At the limit see <see cref="TopicOptions.MaxBytes"/>.</summary>
    [Range(LeastBytes, 1L << 50)]
    public long MaxBytes { get; set; } = 1L << 30;

    /// <summary>Age after which records of a topic that names none may go. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How often retention runs and the index is saved. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan MaintenanceInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A group nobody reads for no longer holds records back after this time, and is forgotten. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan GroupExpiry { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Payload of the appends of a topic that wait to be written; beyond it appends fail and may be retried. Default 128 MiB.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxQueuedBytes { get; set; } = 128L << 20;

    /// <summary>
    /// Bytes of a page, a power of two; an entry takes at most an eighth of it. Fixed when a topic is created. Default 1 MiB.
    /// </summary>
    [Range(1 << 16, 1 << 26)]
    public int PageBytes { get; set; } = 1 << 20;

    /// <summary>Pages of a topic that stay in memory, a power of two: readers near the end need no disk. Default 8.</summary>
    [Range(2, 1 << 12)]
    public int MemoryPages { get; set; } = 8;

    /// <summary>
    /// Bytes of a file of the log, a power of two of at least two pages; retention frees whole files. Fixed when a topic is created.
    /// Default 64 MiB.
    /// </summary>
    [Range(1L << 17, 1L << 36)]
    public long SegmentBytes { get; set; } = 64L << 20;

    /// <summary>Log between two points of the index from offset and time to place. Default 1 MiB.</summary>
    [Range(1 << 12, 1 << 28)]
    public int IndexBytes { get; set; } = 1 << 20;

    /// <summary>Log after which the index is saved; opening scans at most about this much. Default 64 MiB.</summary>
    [Range(1L << 16, 1L << 36)]
    public long CheckpointBytes { get; set; } = 64L << 20;

    /// <summary>
    /// What readers do where bytes on disk are not what was written: <c>Stop</c> there with an error until the file is restored, or <c>Skip</c> to the next
    /// record that is whole. Either way what is lost is named in the journal, by topic, partition and offsets. Default <c>Stop</c>.
    /// </summary>
    [EnumDataType(typeof(DamagePolicy))]
    public DamagePolicy OnDamage { get; set; }

    /// <summary>A topic's settings with the defaults filled in.</summary>
    internal TopicSettings For(string topic)
    {
        Topics.TryGetValue(topic, out var own);
        var (partitions, maxBytes, maxAge) = BuiltIn(topic);
        return new TopicSettings(
            own?.Partitions ?? partitions ?? Partitions, own?.MaxBytes ?? maxBytes ?? MaxBytes, own?.MaxAge ?? maxAge ?? MaxAge);
    }

    private static (int? Partitions, long? MaxBytes, TimeSpan? MaxAge) BuiltIn(string topic) => topic switch
    {
        Contracts.Topics.Events => (4, 8L << 30, null),
        Contracts.Topics.Inbound => (4, 4L << 30, null),
        Contracts.Topics.Windows => (4, 4L << 30, null),
        Contracts.Topics.Publications => (4, null, null),
        Contracts.Topics.Presence => (1, 128L << 20, TimeSpan.FromHours(1)),
        Contracts.Topics.DeadLetter or Contracts.Topics.Alerts => (null, null, TimeSpan.FromDays(7)),
        _ => (null, null, null),
    };
}

/// <summary>What readers do where a log is damaged.</summary>
public enum DamagePolicy
{
    /// <summary>They get an error at each read.</summary>
    Stop,

    /// <summary>They go on behind it.</summary>
    Skip,
}

/// <summary>What differs for one topic; unset takes the default.</summary>
public sealed class TopicOptions
{
    /// <summary>Partitions. Fixed when the topic is created.</summary>
    public int? Partitions { get; set; }

    /// <summary>
    /// Bytes on disk, give or take a file. At the limit the oldest files go; files that a group has yet to read stay, and appends fail with
    /// an error that names the group and may be retried, until it has moved on.
    /// </summary>
    public long? MaxBytes { get; set; }

    /// <summary>Age, by log time, after which records go, a whole file at a time and never before every group has read them.</summary>
    public TimeSpan? MaxAge { get; set; }
}

/// <summary>A topic's settings, complete.</summary>
internal readonly record struct TopicSettings(int Partitions, long MaxBytes, TimeSpan MaxAge);

/// <summary>Checks the annotations above.</summary>
[OptionsValidator]
internal sealed partial class EventLogOptionsValidator : IValidateOptions<EventLogOptions>;

/// <summary>Checks what an annotation can't say.</summary>
internal sealed class EventLogOptionsRules : IValidateOptions<EventLogOptions>
{
    public ValidateOptionsResult Validate(string? name, EventLogOptions options)
    {
        var errors = new List<string>();
        if (!IsPowerOfTwo(options.PageBytes)) errors.Add("PageBytes must be a power of two.");
        if (!IsPowerOfTwo(options.MemoryPages)) errors.Add("MemoryPages must be a power of two.");
        if (!IsPowerOfTwo(options.SegmentBytes)) errors.Add("SegmentBytes must be a power of two.");
        if (options.SegmentBytes < 2L * options.PageBytes) errors.Add("SegmentBytes must be at least two pages.");
        foreach (var (topic, own) in options.Topics)
        {
            if (own.Partitions is < 1 or > GroupFile.MaxPartitions) errors.Add($"Topics:{topic}:Partitions must be between 1 and {GroupFile.MaxPartitions}.");
            if (own.MaxBytes is < EventLogOptions.LeastBytes) errors.Add($"Topics:{topic}:MaxBytes must be at least {EventLogOptions.LeastBytes}.");
            if (own.MaxAge is { } age && age < TimeSpan.FromSeconds(1)) errors.Add($"Topics:{topic}:MaxAge must be at least 00:00:01.");
        }
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsPowerOfTwo(long value) => value > 0 && (value & (value - 1)) == 0;
}
