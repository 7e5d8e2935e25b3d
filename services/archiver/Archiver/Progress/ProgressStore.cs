using Dapper;
using Millrace.Hosting.Ledger;
using Millrace.Ports.Metadata;

namespace Millrace.Archiver.Progress;

/// <summary>Keeps the sinks' progress, the cuts they have begun, and the ledger, in the metadata database.</summary>
internal sealed class ProgressStore(IMetadataDatabase database, LedgerStore ledger)
{
    /// <summary>Name of a sink's stage in the ledger.</summary>
    public static string StageOf(string sink) => "archiver." + sink;

    /// <summary>Brings the tables up to date.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) =>
        database.MigrateAsync(ArchiverSchema.Module, ArchiverSchema.Migrations, cancellationToken);

    /// <summary>What is stored for a sink and partition; <see langword="null"/> when there is nothing of this epoch.</summary>
    public async Task<LaneProgress?> LoadAsync(LaneId lane, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            """
            SELECT next_offset AS NextOffset, log_time AS LogTime, warm_from AS WarmFrom, cut_id AS CutId, cut_first AS CutFirst, cut_last AS CutLast
            FROM archiver_progress WHERE sink = @Sink AND topic = @Topic AND part = @Partition AND epoch = @Epoch
            """,
            lane,
            cancellationToken: cancellationToken));
        if (row is null) return null;
        return new LaneProgress(
            row.NextOffset is { } next ? new LanePosition(next, row.LogTime ?? 0, row.WarmFrom) : null,
            (ulong)row.CutId,
            row is { CutFirst: { } first, CutLast: { } last } ? new PendingCut((ulong)row.CutId, first, last) : null);
    }

    /// <summary>The ledger's counts of archived events by tenant.</summary>
    public async Task<Dictionary<string, long>> LoadArchivedAsync(LaneId lane, CancellationToken cancellationToken)
    {
        var state = await ledger.LoadAsync(StageOf(lane.Sink), lane.Topic, lane.Partition, cancellationToken);
        return state.Counts.ToDictionary(entry => entry.Key, entry => entry.Value.Archived, StringComparer.Ordinal);
    }

    /// <summary>Writes a cut down before it is used.</summary>
    public Task BeginAsync(LaneId lane, PendingCut cut, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                """
                INSERT INTO archiver_progress (sink, topic, part, epoch, cut_id, cut_first, cut_last)
                VALUES (@Sink, @Topic, @Partition, @Epoch, @Id, @First, @Last)
                ON CONFLICT (sink, topic, part) DO UPDATE SET
                    next_offset = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.next_offset END,
                    log_time = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.log_time END,
                    warm_from = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.warm_from END,
                    epoch = excluded.epoch, cut_id = excluded.cut_id, cut_first = excluded.cut_first, cut_last = excluded.cut_last
                """,
                new { lane.Sink, lane.Topic, lane.Partition, lane.Epoch, Id = (long)cut.Id, cut.First, cut.Last },
                transaction,
                cancellationToken: token)),
            cancellationToken);

    /// <summary>Notes, in one transaction, that a cut is in the sink for good: the position moves and the ledger counts.</summary>
    /// <param name="lane">Sink and partition.</param>
    /// <param name="position">Where the sink goes on.</param>
    /// <param name="archived">Cumulative counts of the tenants whose counts changed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task CompleteAsync(
        LaneId lane, LanePosition position, IReadOnlyDictionary<string, long> archived, CancellationToken cancellationToken)
    {
        var counts = archived.ToDictionary(entry => entry.Key, entry => new LedgerCounts { Archived = entry.Value }, StringComparer.Ordinal);
        return database.InTransactionAsync(
            async (connection, transaction, token) =>
            {
                await LedgerStore.SaveAsync(
                    connection, transaction, StageOf(lane.Sink), lane.Topic, lane.Partition, position.Next, counts, token);
                return await connection.ExecuteAsync(new CommandDefinition(
                    """
                    INSERT INTO archiver_progress (sink, topic, part, epoch, next_offset, log_time, warm_from, cut_id)
                    VALUES (@Sink, @Topic, @Partition, @Epoch, @Next, @LogTimeMs, @WarmFrom, 0)
                    ON CONFLICT (sink, topic, part) DO UPDATE SET
                        epoch = excluded.epoch, next_offset = excluded.next_offset, log_time = excluded.log_time,
                        warm_from = excluded.warm_from, cut_first = NULL, cut_last = NULL
                    """,
                    new { lane.Sink, lane.Topic, lane.Partition, lane.Epoch, position.Next, position.LogTimeMs, position.WarmFrom },
                    transaction,
                    cancellationToken: token));
            },
            cancellationToken);
    }

    private sealed class Row
    {
        public long? NextOffset { get; init; }

        public long? LogTime { get; init; }

        public long? WarmFrom { get; init; }

        public long CutId { get; init; }

        public long? CutFirst { get; init; }

        public long? CutLast { get; init; }
    }
}

/// <summary>One sink in one partition of one life of a topic.</summary>
/// <param name="Sink">Name of the sink.</param>
/// <param name="Topic">Topic.</param>
/// <param name="Partition">Partition.</param>
/// <param name="Epoch">The topic's epoch: positions of another mean nothing.</param>
internal sealed record LaneId(string Sink, string Topic, int Partition, string Epoch);
