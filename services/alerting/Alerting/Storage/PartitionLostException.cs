using Millrace.Contracts;

namespace Millrace.Alerting.Storage;

/// <summary>Another instance has taken a partition up meanwhile.</summary>
internal sealed class PartitionLostException(int partition)
    : Exception($"Partition {partition} of {Topics.Windows} was taken up by another instance; beginning anew.");
