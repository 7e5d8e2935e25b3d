using Dapper;
using Millrace.Hosting.Ledger;
using Millrace.Hosting.Schema;

namespace Millrace.Archiver.Progress;

/// <summary>
/// Keeps the sinks' progress, the cuts they have begun, and the ledger, in the metadata database. A lane belongs to the instance that claimed it last. Each
/// statement of an owner is conditional on its generation, so one that was paused and has missed that its partition went to another instance can neither begin
/// a cut of its own nor note one.
/// </summary>
internal sealed class ProgressStore(ArchiverDatabase database, LedgerStore ledger)
{
    private const string Mine = "sink = @Sink AND topic = @Topic AND part = @Partition AND epoch = @Epoch AND generation = @Generation";

    /// <summary>Name of a sink's stage in the ledger.</summary>
    public static string StageOf(string sink) => "archiver." + sink;

    /// <summary>Brings the tables up to date.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) => database.EnsureAsync(cancellationToken);

    /// <summary>Takes lanes over, all of them or none, and answers with what is stored for each. What belongs to another epoch is forgotten.</summary>
    public Task<IReadOnlyList<LaneClaim>> ClaimAsync(IReadOnlyList<LaneId> lanes, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<LaneClaim>>(
            async sql =>
            {
                var claims = new List<LaneClaim>();
                foreach (var lane in lanes) claims.Add(await ClaimAsync(lane, sql));
                return claims;
            },
            cancellationToken);

    /// <summary>The ledger's counts of archived events by tenant.</summary>
    public async Task<Dictionary<string, long>> LoadArchivedAsync(LaneId lane, CancellationToken cancellationToken)
    {
        var state = await ledger.LoadAsync(StageOf(lane.Sink), lane.Topic, lane.Partition, cancellationToken);
        return state.Counts.ToDictionary(entry => entry.Key, entry => entry.Value.Archived, StringComparer.Ordinal);
    }

    /// <summary>Makes sure that the lane is still the caller's.</summary>
    /// <exception cref="LaneLostException">It is not.</exception>
    public async Task VerifyAsync(LaneClaim claim, CancellationToken cancellationToken)
    {
        var found = await database.FirstAsync<long>($"SELECT COUNT(*) FROM archiver_progress WHERE {Mine}", Parameters(claim), cancellationToken);
        if (found == 0) throw new LaneLostException(claim);
    }

    /// <summary>Writes a cut down before it is used.</summary>
    /// <returns><see langword="false"/>: a replay has the sink wait, and nothing is written down.</returns>
    /// <exception cref="LaneLostException">The lane is another's.</exception>
    public async Task<bool> BeginAsync(LaneClaim claim, PendingCut cut, long nowMs, CancellationToken cancellationToken)
    {
        var parameters = Parameters(claim);
        parameters.AddDynamicParams(new { Id = (long)cut.Id, cut.First, cut.Last, nowMs });
        var changed = await database.WriteAsync(
            sql => sql.ExecuteAsync($"UPDATE archiver_progress SET cut_id = @Id, cut_first = @First, cut_last = @Last WHERE {Mine} AND held_until <= @nowMs", parameters),
            cancellationToken);
        if (changed == 0) await VerifyAsync(claim, cancellationToken);
        return changed > 0;
    }

    /// <summary>Notes, in one transaction, that a cut is in the sink for good: the position moves and the ledger counts.</summary>
    /// <param name="claim">The lane.</param>
    /// <param name="position">Where the sink goes on.</param>
    /// <param name="archived">Cumulative counts of the tenants whose counts changed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LaneLostException">The lane is another's.</exception>
    public async Task CompleteAsync(
        LaneClaim claim, LanePosition position, IReadOnlyDictionary<string, long> archived, CancellationToken cancellationToken)
    {
        var counts = archived.ToDictionary(entry => entry.Key, entry => new LedgerCounts { Archived = entry.Value }, StringComparer.Ordinal);
        var parameters = Parameters(claim);
        parameters.AddDynamicParams(new { position.Next, position.LogTimeMs, position.WarmFrom, position.Watermarks });
        var done = await database.WriteAsync(
            async sql =>
            {
                var changed = await sql.ExecuteAsync(
                    $"""
                    UPDATE archiver_progress SET next_offset = @Next, log_time = @LogTimeMs, warm_from = @WarmFrom, watermarks = @Watermarks,
                        cut_first = NULL, cut_last = NULL
                    WHERE {Mine}
                    """,
                    parameters);
                if (changed == 0) return false;
                await LedgerStore.SaveAsync(
                    sql.Connection, sql.Transaction, StageOf(claim.Id.Sink), claim.Id.Topic, claim.Id.Partition, position.Next, counts, sql.Cancellation);
                return true;
            },
            cancellationToken);
        if (!done) throw new LaneLostException(claim);
    }

    private static async Task<LaneClaim> ClaimAsync(LaneId lane, SqlScope sql)
    {
        var row = (await sql.FirstAsync<Row>(
            """
            INSERT INTO archiver_progress (sink, topic, part, epoch, cut_id, generation) VALUES (@Sink, @Topic, @Partition, @Epoch, 0, 1)
            ON CONFLICT (sink, topic, part) DO UPDATE SET
                next_offset = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.next_offset END,
                log_time = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.log_time END,
                warm_from = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.warm_from END,
                watermarks = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.watermarks END,
                cut_first = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.cut_first END,
                cut_last = CASE WHEN archiver_progress.epoch = excluded.epoch THEN archiver_progress.cut_last END,
                epoch = excluded.epoch, generation = archiver_progress.generation + 1
            RETURNING generation AS Generation, next_offset AS NextOffset, log_time AS LogTime, warm_from AS WarmFrom, watermarks AS Watermarks,
                cut_id AS CutId, cut_first AS CutFirst, cut_last AS CutLast
            """,
            lane))!;
        return new LaneClaim(lane, row.Generation, new LaneProgress(
            row.NextOffset is { } next ? new LanePosition(next, row.LogTime ?? 0, row.WarmFrom, row.Watermarks) : null,
            (ulong)row.CutId,
            row is { CutFirst: { } first, CutLast: { } last } ? new PendingCut((ulong)row.CutId, first, last) : null));
    }

    private static DynamicParameters Parameters(LaneClaim claim)
    {
        var parameters = new DynamicParameters(claim.Id);
        parameters.Add("Generation", claim.Generation);
        return parameters;
    }

    private sealed class Row
    {
        public long Generation { get; init; }

        public long? NextOffset { get; init; }

        public long? LogTime { get; init; }

        public long? WarmFrom { get; init; }

        public byte[]? Watermarks { get; init; }

        public long CutId { get; init; }

        public long? CutFirst { get; init; }

        public long? CutLast { get; init; }
    }
}
