using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Brokers;

/// <summary>Makes sure, once, that a topic is there before it is used. Topics by the names that the services know.</summary>
internal sealed class TopicCatalog(Cluster cluster, KafkaOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _newsInterval = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<string, Task<int>> _partitions = new(StringComparer.Ordinal);

    /// <summary>The topic's number of partitions, once it exists.</summary>
    /// <exception cref="EventLogException">It does not and can't be created, or the brokers do not answer.</exception>
    public ValueTask<int> EnsureAsync(string topic, CancellationToken cancellationToken)
    {
        var known = _partitions.GetOrAdd(topic, static (name, self) => self.FindAsync(name), this);
        return known.IsCompletedSuccessfully ? new ValueTask<int>(known.Result) : new ValueTask<int>(AwaitAsync(topic, known, cancellationToken));
    }

    /// <summary>Whether a topic is known to be there.</summary>
    public bool IsKnown(string topic) => _partitions.TryGetValue(topic, out var known) && known.IsCompletedSuccessfully;

    private async Task<int> AwaitAsync(string topic, Task<int> known, CancellationToken cancellationToken)
    {
        try
        {
            return await known.WaitAsync(cancellationToken);
        }
        catch (EventLogException)
        {
            // The next who asks tries again.
            _partitions.TryRemove(new KeyValuePair<string, Task<int>>(topic, known));
            throw;
        }
    }

    private async Task<int> FindAsync(string topic)
    {
        var name = options.NameOf(topic);
        var settings = options.For(topic);
        var creation = options.CreateTopics ? await cluster.CreateAsync(name, settings) : Creation.Exists;
        if (creation == Creation.Created) Log.TopicCreated(logger, name, settings.Partitions);
        if (creation == Creation.Unsupported) Log.CreationUnsupported(logger, name);
        var partitions = await cluster.FindPartitionsAsync(name);
        // The brokers hear of a new topic one after the other.
        for (var patience = 50; partitions is null && patience > 0 && creation is Creation.Created or Creation.Unsupported; patience--)
        {
            await Task.Delay(_newsInterval, time);
            partitions = await cluster.FindPartitionsAsync(name);
        }

        if (partitions is not { } count)
        {
            throw new EventLogException(
                $"Kafka has no topic {name}; create it{(creation == Creation.Forbidden ? ", for this user may not" : ", or let Millrace do so (Millrace:Kafka:CreateTopics)")}.", retryable: true);
        }

        if (options.CreateTopics && count != settings.Partitions) Log.PartitionsDiffer(logger, name, count, settings.Partitions);
        return count;
    }
}
