using System.Collections.Concurrent;

namespace Millrace.Aggregator.Pipeline;

/// <summary>The partitions that this instance has now. Assigned and revoked by the log's callbacks, used by the loop.</summary>
internal sealed class PartitionSet
{
    private readonly ConcurrentDictionary<int, PartitionRunner> _runners = [];
    private volatile PartitionRunner[] _all = [];

    /// <summary>All of them, as one moment's snapshot.</summary>
    public IReadOnlyList<PartitionRunner> All => _all;

    public PartitionRunner? Find(int partition) => _runners.GetValueOrDefault(partition);

    /// <summary>Whether a runner is still the one of its partition.</summary>
    public bool Has(PartitionRunner runner) => ReferenceEquals(Find(runner.Partition), runner);

    public void Assign(PartitionRunner runner)
    {
        _runners[runner.Partition] = runner;
        _all = [.. _runners.Values.OrderBy(known => known.Partition)];
    }

    public void Revoke(int partition)
    {
        _runners.TryRemove(partition, out _);
        _all = [.. _runners.Values.OrderBy(known => known.Partition)];
    }
}
