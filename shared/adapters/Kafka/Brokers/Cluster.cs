using System.Security.Cryptography;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Configuration;

namespace Millrace.Adapters.Kafka.Brokers;

/// <summary>Questions to the brokers that are neither reading nor writing. Topics by the names that the brokers know.</summary>
internal sealed class Cluster : IDisposable
{
    private const int EpochLength = 22;
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    private readonly IAdminClient _admin;
    private readonly ILogger _logger;

    public Cluster(KafkaOptions options, ILogger logger)
    {
        _logger = logger;
        _admin = new AdminClientBuilder(ClientProperties.Admin(options))
            .SetLogHandler((_, message) => ClientLogging.Write(logger, message))
            .SetErrorHandler((_, error) => OnError(error))
            .Build();
    }

    /// <summary>Creates a topic.</summary>
    public async Task<Creation> CreateAsync(string topic, TopicSettings settings)
    {
        var configs = new Dictionary<string, string>
        {
            ["message.timestamp.type"] = "LogAppendTime",
            ["max.message.bytes"] = $"{ClientProperties.MaxMessageBytes}",
            ["retention.ms"] = $"{(long)settings.MaxAge.TotalMilliseconds}",
        };
        if (settings.MaxBytes is { } bytes) configs["retention.bytes"] = $"{Math.Max(1 << 20, bytes / settings.Partitions)}";
        if (settings.Replication >= 3) configs["min.insync.replicas"] = "2";
        if (settings.Compacted)
        {
            configs["cleanup.policy"] = "compact";
            // Whoever comes back within this time finds every change, not only the last of each key.
            configs["min.compaction.lag.ms"] = configs["retention.ms"];
        }

        var specification = new TopicSpecification
        {
            Name = topic,
            NumPartitions = settings.Partitions,
            ReplicationFactor = (short)(settings.Replication ?? -1),
            Configs = configs,
        };
        try
        {
            await _admin.CreateTopicsAsync([specification], new CreateTopicsOptions { RequestTimeout = _timeout, OperationTimeout = _timeout });
            return Creation.Created;
        }
        catch (CreateTopicsException e) when (e.Results.All(result => result.Error.Code is ErrorCode.TopicAlreadyExists or ErrorCode.NoError))
        {
            return Creation.Exists;
        }
        catch (KafkaException e) when (CodeOf(e) is ErrorCode.Local_UnsupportedFeature or ErrorCode.UnsupportedVersion)
        {
            return Creation.Unsupported;
        }
        catch (KafkaException e) when (CodeOf(e) is ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed)
        {
            // Somebody else creates the topics, then; whether they have is seen next.
            return Creation.Forbidden;
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Of($"Creating topic {topic}", CodeOf(e), e);
        }
    }

    /// <summary>Number of partitions, or <see langword="null"/> when there is no such topic. The brokers may create it for the question.</summary>
    public async Task<int?> FindPartitionsAsync(string topic)
    {
        try
        {
            var metadata = await Task.Run(() => _admin.GetMetadata(topic, _timeout));
            var found = metadata.Topics.Find(one => one.Topic == topic);
            return found is null || found.Error.IsError || found.Partitions.Count == 0 ? null : found.Partitions.Count;
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Of($"Asking for topic {topic}", e);
        }
    }

    /// <summary>A topic's epoch and its number of partitions.</summary>
    public async Task<(string Epoch, int Partitions)> DescribeAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            var described = await _admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = _timeout }).WaitAsync(cancellationToken);
            var one = described.TopicDescriptions[0];
            var id = one.TopicId;
            if (id.MostSignificantBits.Value != 0 || id.LeastSignificantBits.Value != 0) return (id.ToString(), one.Partitions.Count);
            // Brokers before 2.8 know no topic ids; then a topic that is made anew looks like the old one.
            var cluster = await _admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = _timeout }).WaitAsync(cancellationToken);
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{cluster.ClusterId}/{topic}"));
            return (Convert.ToHexStringLower(digest)[..EpochLength], one.Partitions.Count);
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Of($"Describing topic {topic}", CodeOf(e), e);
        }
    }

    /// <summary>An offset of each of the partitions.</summary>
    /// <param name="asked">What of which partition.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>In the order of the question.</returns>
    public async Task<long[]> OffsetsAsync(IReadOnlyList<(TopicPartition Partition, OffsetSpec What)> asked, CancellationToken cancellationToken)
    {
        var answers = await TryOffsetsAsync(asked, cancellationToken);
        var offsets = new long[asked.Count];
        for (var i = 0; i < offsets.Length; i++)
        {
            if (!answers.TryGetValue(asked[i].Partition, out var answer)) throw KafkaErrors.Of($"Asking for the bounds of {asked[i].Partition}", ErrorCode.Local_UnknownPartition);
            if (answer.Error.IsError) throw KafkaErrors.Of($"Asking for the bounds of {asked[i].Partition}", answer.Error.Code);
            offsets[i] = answer.Offset.Value;
        }

        return offsets;
    }

    /// <summary>The same; what is wrong with a partition stands in its answer.</summary>
    public async Task<Dictionary<TopicPartition, TopicPartitionOffsetError>> TryOffsetsAsync(
        IReadOnlyList<(TopicPartition Partition, OffsetSpec What)> asked, CancellationToken cancellationToken)
    {
        List<ListOffsetsResultInfo> infos;
        try
        {
            var options = new ListOffsetsOptions { RequestTimeout = _timeout };
            var result = await _admin.ListOffsetsAsync(
                asked.Select(one => new TopicPartitionOffsetSpec { TopicPartition = one.Partition, OffsetSpec = one.What }), options).WaitAsync(cancellationToken);
            infos = result.ResultInfos;
        }
        catch (ListOffsetsException e)
        {
            infos = e.Result.ResultInfos;
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Of("Asking for offsets", e);
        }

        return infos.ToDictionary(info => info.TopicPartitionOffsetError.TopicPartition, info => info.TopicPartitionOffsetError);
    }

    /// <summary>The committed positions of a group.</summary>
    public async Task<Dictionary<int, long>> CommittedAsync(string group, string topic, int partitions, CancellationToken cancellationToken)
    {
        try
        {
            var asked = new ConsumerGroupTopicPartitions(group, [.. Enumerable.Range(0, partitions).Select(p => new TopicPartition(topic, p))]);
            var results = await _admin.ListConsumerGroupOffsetsAsync([asked], new ListConsumerGroupOffsetsOptions { RequestTimeout = _timeout }).WaitAsync(cancellationToken);
            return results[0].Partitions.Where(p => !p.Error.IsError && p.Offset.Value >= 0).ToDictionary(p => p.Partition.Value, p => p.Offset.Value);
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Of($"Asking for the positions of group {group}", CodeOf(e), e);
        }
    }

    /// <summary>Asks anything at all, to know whether the brokers answer.</summary>
    public async Task<int> CountBrokersAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var cluster = await _admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = timeout }).WaitAsync(cancellationToken);
            return cluster.Nodes.Count;
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Of("Asking Kafka for its brokers", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _admin.Dispose();

    private static ErrorCode CodeOf(KafkaException exception) => exception switch
    {
        CreateTopicsException { Results: [var first, ..] } => first.Error.Code,
        DescribeTopicsException { Results.TopicDescriptions: [var first, ..] } => first.Error.Code,
        ListConsumerGroupOffsetsException { Results: [var first, ..] } => first.Error.IsError ? first.Error.Code : first.Partitions.Find(p => p.Error.IsError)?.Error.Code ?? exception.Error.Code,
        _ => exception.Error.Code,
    };

    private void OnError(Error error) => Log.ClientError(_logger, "admin", error.Code.ToString(), error.Reason);
}

/// <summary>What became of the creation of a topic.</summary>
internal enum Creation
{
    Unset = 0,
    Created,
    Exists,
    Unsupported,
    Forbidden,
}
