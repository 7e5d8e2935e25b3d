using Microsoft.Extensions.Logging;
using Millrace.Aggregator.Engine;
using Millrace.Aggregator.Storage;
using Millrace.Contracts;
using Millrace.Hosting.Ledger;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Pipeline;

/// <summary>Where a partition begins.</summary>
/// <param name="Partition">Partition number.</param>
/// <param name="Checkpoint">What the engine goes on from.</param>
/// <param name="WarmFrom">First offset to read, for the duplicate filter.</param>
/// <param name="EndOffset">End of the partition at the start.</param>
/// <param name="Counted">The ledger.</param>
internal sealed record PartitionStart(int Partition, EngineCheckpoint Checkpoint, long WarmFrom, long EndOffset, LedgerState Counted)
{
    /// <summary>First offset that the ledger has not counted.</summary>
    public long CountFrom => Counted.Upto ?? Checkpoint.NextOffset;

    /// <summary>Finds it from what was saved.</summary>
    public static async ValueTask<PartitionStart> FindAsync(
        IEventLog log, CheckpointStore store, EngineSettings settings, string epoch, PartitionAssignment assignment, ILogger logger,
        CancellationToken cancellationToken)
    {
        var (partition, earliest) = (assignment.Partition, assignment.Bounds.EarliestOffset);
        var saved = await store.LoadAsync(partition, cancellationToken);
        var checkpoint = saved.Checkpoint;
        if (checkpoint is not null && saved.Epoch != epoch)
        {
            Log.EpochChanged(logger, partition, saved.Epoch!, epoch);
            checkpoint = null;
        }

        if (checkpoint is null)
        {
            var start = PartitionAggregator.BeginAt(earliest);
            Log.PartitionTaken(logger, partition, earliest, 0, saved.Counted.Upto ?? earliest);
            return new PartitionStart(partition, start, earliest, assignment.Bounds.EndOffset, saved.Counted);
        }

        if (checkpoint.NextOffset < earliest) Log.RecordsGone(logger, partition, checkpoint.NextOffset, earliest);
        var horizon = checkpoint.LogTimeMs - (long)settings.DuplicateHorizon.TotalMilliseconds;
        var warmFrom = await log.FindOffsetAsync(Topics.Events, partition, horizon, cancellationToken);
        if (checkpoint.HasWarmFrom) warmFrom = Math.Max(warmFrom, checkpoint.WarmFrom);
        warmFrom = Math.Min(Math.Max(warmFrom, earliest), Math.Max(checkpoint.NextOffset, earliest));
        var found = new PartitionStart(partition, checkpoint, warmFrom, assignment.Bounds.EndOffset, saved.Counted);
        Log.PartitionTaken(logger, partition, checkpoint.NextOffset, checkpoint.NextOffset - warmFrom, found.CountFrom);
        return found;
    }
}
