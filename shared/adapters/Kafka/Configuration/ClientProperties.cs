using System.Globalization;
using Millrace.Adapters.Kafka.Native;

namespace Millrace.Adapters.Kafka.Configuration;

/// <summary>Makes librdkafka's properties out of the options.</summary>
internal static class ClientProperties
{
    /// <summary>A record's value at most.</summary>
    public const int MaxValueBytes = 16 << 20;

    /// <summary>The same with what stands around it: key, headers and the batch's own fields.</summary>
    public const int MaxMessageBytes = MaxValueBytes + (1 << 18);

    // What the adapter's promises rest on: acknowledged is durable, no record twice, commits only when the caller says so.
    private static readonly HashSet<string> _ours = new(StringComparer.Ordinal)
    {
        "acks", "request.required.acks", "enable.idempotence", "transactional.id", "partitioner", "partitioner_cb", "dr_cb", "dr_msg_cb", "opaque", "bootstrap.servers",
        "metadata.broker.list", "group.id", "group.instance.id", "group.protocol", "group.remote.assignor", "partition.assignment.strategy", "session.timeout.ms",
        "auto.offset.reset", "enable.auto.commit", "auto.commit.enable", "enable.auto.offset.store", "enable.partition.eof", "isolation.level", "message.timeout.ms",
        "delivery.timeout.ms", "compression.codec", "compression.type", "linger.ms", "queue.buffering.max.ms", "queue.buffering.max.kbytes", "message.max.bytes",
        "allow.auto.create.topics",
    };

    /// <summary>What is wrong with properties that somebody set; values are not repeated, for they may be secrets.</summary>
    public static IEnumerable<string> Check(IReadOnlyDictionary<string, string> properties, string section)
    {
        if (properties.Count == 0) yield break;
        Librdkafka.Load();
        using var conf = new Conf();
        foreach (var (given, value) in properties)
        {
            var name = NameOf(given);
            if (_ours.Contains(name)) yield return $"{section}:{given} can't be set: Millrace's own promises rest on it.";
            else if (conf.Set(name, value) is { } error)
                yield return error == ConfError.Unknown ? $"{section}:{given} is not a property of librdkafka {Librdkafka.Version}." : $"{section}:{given} has a value that librdkafka does not take.";
        }
    }

    /// <summary>For a producer.</summary>
    public static Dictionary<string, string> Producer(KafkaOptions options)
    {
        var properties = Common(options);
        properties["enable.idempotence"] = "true";
        properties["acks"] = "all";
        properties["partitioner"] = "murmur2";
        properties["compression.codec"] = Codec(options.Compression);
        properties["linger.ms"] = Milliseconds(options.Linger);
        properties["message.timeout.ms"] = Milliseconds(options.AppendTimeout);
        properties["queue.buffering.max.kbytes"] = Number(options.MaxQueuedBytes >> 10);
        // The bound in bytes is the one that counts; each record costs some of librdkafka's own memory beside it.
        properties["queue.buffering.max.messages"] = Number(Math.Max(100_000, options.MaxQueuedBytes / 64));
        properties["message.max.bytes"] = Number(MaxMessageBytes);
        return properties;
    }

    /// <summary>For a consumer; without a group it commits nothing.</summary>
    public static Dictionary<string, string> Consumer(KafkaOptions options, string? group, string topic)
    {
        var properties = Common(options);
        properties["group.id"] = group is null ? options.Prefix + "millrace-no-group" : options.GroupOf(group, topic);
        properties["enable.auto.commit"] = "false";
        properties["enable.auto.offset.store"] = "false";
        properties["enable.partition.eof"] = "true";
        properties["auto.offset.reset"] = "error";
        properties["isolation.level"] = "read_committed";
        properties["partition.assignment.strategy"] = "cooperative-sticky";
        properties["session.timeout.ms"] = Milliseconds(options.SessionTimeout);
        properties["heartbeat.interval.ms"] = Milliseconds(options.SessionTimeout / 4);
        // What is fetched ahead is thrown away at a pause, so not the 64 MiB of the default.
        properties.TryAdd("queued.max.messages.kbytes", "16384");
        // An idle partition's fetch comes back after this; a shorter one than the default lets a revoked partition go sooner.
        properties.TryAdd("fetch.wait.max.ms", "250");
        properties["dotnet.consumer.consume.result.fields"] = "headers,timestamp";
        if (group is not null && options.InstanceId is { } instance) properties["group.instance.id"] = $"{instance}.{group}.{topic}";
        return properties;
    }

    /// <summary>For asking the cluster.</summary>
    public static Dictionary<string, string> Admin(KafkaOptions options)
    {
        var properties = Common(options);
        // Where somebody else owns the topics, a question must not create one.
        properties["allow.auto.create.topics"] = options.CreateTopics ? "true" : "false";
        return properties;
    }

    /// <summary>The name as librdkafka has it.</summary>
    internal static string NameOf(string given) =>
        given is "log_level" || given.Contains('.', StringComparison.Ordinal) ? given.ToLowerInvariant() : given.ToLowerInvariant().Replace('_', '.');

    private static Dictionary<string, string> Common(KafkaOptions options)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client.id"] = "millrace",
            // A broker that is back is found again soon: failover has seconds, not minutes.
            ["reconnect.backoff.max.ms"] = "1000",
            ["socket.keepalive.enable"] = "true",
            // Small requests must not wait for each other.
            ["socket.nagle.disable"] = "true",
        };
        foreach (var (name, value) in options.Client) properties[NameOf(name)] = value;
        properties["bootstrap.servers"] = options.BootstrapServers;
        return properties;
    }

    private static string Codec(KafkaCompression compression) => compression switch
    {
        KafkaCompression.None => "none",
        KafkaCompression.Lz4 => "lz4",
        KafkaCompression.Zstd => "zstd",
        KafkaCompression.Snappy => "snappy",
        KafkaCompression.Gzip => "gzip",
        _ => throw new ArgumentOutOfRangeException(nameof(compression), compression, "Unknown compression."),
    };

    private static string Milliseconds(TimeSpan time) => Number((long)time.TotalMilliseconds);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
