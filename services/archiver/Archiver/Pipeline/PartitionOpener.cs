using Millrace.Archiver.Progress;
using Millrace.Contracts.Events;
using Millrace.Hosting.Rules;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Pipeline;

/// <summary>Sets a partition up: takes over each sink's progress and finds where reading must start so that the duplicate filter is warm.</summary>
internal sealed class PartitionOpener(
    IEventLog log, LaneServices services, IReadOnlyList<SinkPool> pools, EventRules rules, string topic, string epoch)
{
    private readonly EventIdentity _identity = new(epoch);

    /// <summary>Opens a partition.</summary>
    /// <returns>Its reader, and the offset of the first record that must be read.</returns>
    public async Task<(PartitionReader Reader, long ReadFrom)> OpenAsync(PartitionAssignment assignment, CancellationToken cancellationToken)
    {
        var earliest = assignment.Bounds.EarliestOffset;
        var memory = new DuplicateMemory(rules.DedupCapacity, rules.DedupHorizon);
        LanePosition? hindmost = null;
        var start = long.MaxValue;
        var begins = new List<(SinkPool Pool, LaneClaim Claim, Dictionary<string, long> Archived, long Next)>();
        var claims = await services.Progress.ClaimAsync(
            [.. pools.Select(pool => new LaneId(pool.Sink.Name, topic, assignment.Partition, epoch))], cancellationToken);
        foreach (var (pool, claim) in pools.Zip(claims))
        {
            var progress = claim.Progress;
            // After the claim, so that no owner before can count any more.
            var archived = await services.Progress.LoadArchivedAsync(claim.Id, cancellationToken);
            var next = progress.Position?.Next ?? earliest;
            if (next < earliest) Log.RecordsGone(services.Logger, pool.Sink.Name, topic, assignment.Partition, next, earliest);
            next = Math.Max(next, earliest);
            if (next < start) (start, hindmost) = (next, progress.Position);
            begins.Add((pool, claim, archived, next));
        }

        var lateness = hindmost?.Watermarks is { } saved ? LatenessTracker.Restore(rules.Lateness, saved) : new LatenessTracker(rules.Lateness);
        List<Lane> lanes = [.. begins.Select(begin => new Lane(
            begin.Pool, new LaneWriter(begin.Claim, begin.Pool, begin.Archived, services), memory, lateness, begin.Next, begin.Claim.Progress.Pending))];
        var from = hindmost is null ? start : await WarmFromAsync(assignment.Partition, hindmost, earliest, cancellationToken);
        Log.PartitionOpened(services.Logger, topic, assignment.Partition, start, start - from);
        return (new PartitionReader(assignment.Partition, _identity, memory, lateness, start, lanes, Malformed), from);

        void Malformed(long offset)
        {
            ArchiverMetrics.NotAnEvent();
            Log.NotAnEvent(services.Logger, topic, assignment.Partition, offset);
        }
    }

    private async Task<long> WarmFromAsync(int partition, LanePosition position, long earliest, CancellationToken cancellationToken)
    {
        var found = await log.FindOffsetAsync(topic, partition, position.LogTimeMs - rules.DedupHorizonMs, cancellationToken);
        return Math.Min(position.Next, Math.Max(earliest, Math.Max(found, position.WarmFrom ?? 0)));
    }
}
