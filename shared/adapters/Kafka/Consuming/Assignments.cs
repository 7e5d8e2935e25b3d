namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>The partitions that a reader has now. Changed by the fetching thread, read by anybody.</summary>
internal sealed class Assignments
{
    private volatile Dictionary<int, PartitionState> _states = [];

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<PartitionState> All => _states.Values;

    /// <summary>Their numbers.</summary>
    public IReadOnlyCollection<int> Partitions => _states.Keys;

    /// <summary>What is known of a partition, if it is one of them.</summary>
    public PartitionState? Find(int partition) => _states.GetValueOrDefault(partition);

    /// <summary>Adds some.</summary>
    public void Add(IEnumerable<PartitionState> states)
    {
        var changed = new Dictionary<int, PartitionState>(_states);
        foreach (var state in states) changed[state.Partition] = state;
        _states = changed;
    }

    /// <summary>Removes some.</summary>
    public void Remove(IEnumerable<int> partitions)
    {
        var changed = new Dictionary<int, PartitionState>(_states);
        foreach (var partition in partitions) changed.Remove(partition);
        _states = changed;
    }
}
