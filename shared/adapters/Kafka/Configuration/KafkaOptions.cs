using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.Kafka.Configuration;

/// <summary>Settings of the event log on Kafka, section <c>Millrace:Kafka</c>.</summary>
public sealed class KafkaOptions
{
    /// <summary>Name of the section under <c>Millrace</c>.</summary>
    internal const string Section = "Kafka";

    /// <summary>Partitions that a topic may have at most: a guard against a slip of the finger.</summary>
    internal const int MaxPartitions = 10_000;

    /// <summary>Brokers to ask for the others, <c>host:port</c>, separated by commas. Required.</summary>
    [Required]
    public string BootstrapServers { get; set; } = "";

    /// <summary>
    /// Any property of librdkafka by its own name, such as <c>security.protocol</c>, <c>sasl.username</c> or <c>ssl.ca.location</c>; where a name can't
    /// hold dots, <c>_</c> stands for them. Those that Millrace's promises rest on can't be set.
    /// </summary>
    public Dictionary<string, string> Client { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Put before the name of every topic and group, so that several installations can share a cluster. Default none.
    /// </summary>
    [RegularExpression("[a-zA-Z0-9._-]{0,80}")]
    public string Prefix { get; set; } = "";

    /// <summary>
    /// Name of this instance, the same after each restart and different for each instance (a StatefulSet's pod name, say): its partitions wait for it
    /// through a restart shorter than <see cref="SessionTimeout"/> instead of going to others and back. Default none: partitions move at once.
    /// </summary>
    [StringLength(100, MinimumLength = 1)]
    public string? InstanceId { get; set; }

    /// <summary>Whether missing topics are created at the start, and others at their first use. Default true.</summary>
    public bool CreateTopics { get; set; } = true;

    /// <summary>By topic name, without the prefix: what differs from the defaults below.</summary>
    public Dictionary<string, KafkaTopicOptions> Topics { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Partitions of a topic that names none when it is created. Default 1; the topics of events and windows have 12.</summary>
    [Range(1, 10_000)]
    public int Partitions { get; set; } = 1;

    /// <summary>Replicas of a topic that names none when it is created. Default: the brokers' own default. With 3 or more, two must have a record before it counts.</summary>
    [Range(1, 100)]
    public int? Replication { get; set; }

    /// <summary>Age after which records of a topic that names none may go. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long an append may take; afterwards it fails and may be retried. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan AppendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Payload that waits to be acknowledged by the brokers; beyond it appends fail at once and may be retried. Default 128 MiB.</summary>
    [Range(1L << 20, 2047L << 20)]
    public long MaxQueuedBytes { get; set; } = 128L << 20;

    /// <summary>How long a record waits for others to share a request with. Default 5 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How records are compressed. Default Lz4.</summary>
    public KafkaCompression Compression { get; set; } = KafkaCompression.Lz4;

    /// <summary>How long a member of a group may be silent before its partitions go to others. Default 6 s, the least that brokers allow by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>
    /// How far the clocks of brokers and services may differ, with the time that replication takes: the log time of an idle partition follows the clock
    /// at this distance. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan MaxClockSkew { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the ends of the partitions that are being read are asked for. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What a topic is called on Kafka.</summary>
    internal string NameOf(string topic) => Prefix + topic;

    /// <summary>What a group of a topic is called on Kafka: a group for each topic, so that the rebalance of one leaves the others alone.</summary>
    internal string GroupOf(string group, string topic) => $"{Prefix}{group}.{topic}";

    // Everything in it is said again within minutes.
    private static readonly TimeSpan _presenceAge = TimeSpan.FromHours(1);

    /// <summary>A topic's settings with the defaults filled in.</summary>
    internal TopicSettings For(string topic)
    {
        Topics.TryGetValue(topic, out var own);
        var (partitions, compacted) = topic switch
        {
            Contracts.Topics.Events or Contracts.Topics.Windows or Contracts.Topics.Inbound => (12, false),
            Contracts.Topics.Publications => (4, false),
            Contracts.Topics.Presence => (1, false),
            Contracts.Topics.Alerts => ((int?)null, true),
            _ => (null, false),
        };
        return new TopicSettings(own?.Partitions ?? partitions ?? Partitions, own?.Replication ?? Replication, own?.MaxAge ?? (topic == Contracts.Topics.Presence ? _presenceAge : MaxAge), own?.MaxBytes, compacted);
    }
}

/// <summary>What differs for one topic when it is created; unset takes the default.</summary>
public sealed class KafkaTopicOptions
{
    /// <summary>Partitions.</summary>
    public int? Partitions { get; set; }

    /// <summary>Replicas.</summary>
    public int? Replication { get; set; }

    /// <summary>Age after which records may go. A compacted topic keeps the last record of each key for good.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>Bytes of all partitions together beyond which the oldest records may go. Default: no limit.</summary>
    public long? MaxBytes { get; set; }
}

/// <summary>How records are compressed on their way to the brokers and there.</summary>
public enum KafkaCompression
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Fast, about a third of the size.</summary>
    Lz4,

    /// <summary>Smaller and slower than <see cref="Lz4"/>.</summary>
    Zstd,

    /// <summary>For consumers that know neither of the others.</summary>
    Snappy,

    /// <summary>For consumers that know none of the others.</summary>
    Gzip,
}

/// <summary>A topic's settings, complete.</summary>
internal readonly record struct TopicSettings(int Partitions, int? Replication, TimeSpan MaxAge, long? MaxBytes, bool Compacted);

/// <summary>Checks the annotations above.</summary>
[OptionsValidator]
internal sealed partial class KafkaOptionsValidator : IValidateOptions<KafkaOptions>;
