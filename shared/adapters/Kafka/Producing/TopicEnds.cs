namespace Millrace.Adapters.Kafka.Producing;

/// <summary>How far the partitions of a topic reach at least, by what this process itself has appended.</summary>
internal sealed class TopicEnds(int partitions)
{
    private readonly long[] _ends = new long[partitions];

    /// <summary>Offset after the last record that is known.</summary>
    public long Get(int partition) => partition < _ends.Length ? Volatile.Read(ref _ends[partition]) : 0;

    /// <summary>A record is durable.</summary>
    public void Raise(int partition, long next)
    {
        // Partitions that were added meanwhile are the brokers' to tell.
        if ((uint)partition >= (uint)_ends.Length) return;
        ref var end = ref _ends[partition];
        for (var known = Volatile.Read(ref end); next > known; known = Volatile.Read(ref end))
        {
            if (Interlocked.CompareExchange(ref end, next, known) == known) return;
        }
    }
}
