using Dapper;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Progress;
using Millrace.Contracts;

namespace Millrace.Archiver.Replays;

/// <summary>Another instance has the replay now, or the sink into ClickHouse waits no longer: nothing more may be done here.</summary>
internal sealed class ReplayLostException(string what) : Exception(what);

/// <summary>How far the sinks are in a partition of the events.</summary>
/// <param name="Part">Partition.</param>
/// <param name="Epoch">Life of the topic.</param>
/// <param name="Rows">First offset that is not in ClickHouse.</param>
/// <param name="Objects">First offset that is not in the object store.</param>
/// <param name="Writing">Whether a cut is on its way into ClickHouse.</param>
internal sealed record ReplayLane(int Part, string Epoch, long Rows, long Objects, bool Writing);

/// <summary>A cut of the archive that is copied.</summary>
internal sealed record ReplayCut(string Manifest, ulong Cut, bool Done);

/// <summary>The steps of a replay in the metadata database. One replay runs at a time, whoever's it is.</summary>
internal sealed class ReplayWork(ArchiverDatabase database, IOptions<ArchiverOptions> options)
{
    private const string Mine = "id = @Id AND lease_owner = @_instance AND lease_until > @now";
    private readonly string _instance = Guid.NewGuid().ToString("n");

    /// <summary>How long a replay, and its hold on the sink, belong to an instance after it last said so.</summary>
    public TimeSpan Lease => options.Value.ReplayLease;

    private long NowMs => database.NowMs;

    private long UntilMs => NowMs + (long)Lease.TotalMilliseconds;

    /// <summary>Takes the oldest replay, if none is under way.</summary>
    public async Task<ReplayRow?> ClaimAsync(CancellationToken cancellationToken)
    {
        // Looking is free; claiming is a transaction.
        if (await database.FirstAsync<long>("SELECT COUNT(*) FROM archiver_replays WHERE state <= 1", null, cancellationToken) == 0) return null;
        return await database.WriteAsync(
            async sql =>
            {
                var now = NowMs;
                if (await sql.FirstAsync<long>("SELECT COUNT(*) FROM archiver_replays WHERE state = 1 AND lease_until > @now", new { now }) > 0) return null;
                return await sql.FirstAsync<ReplayRow>(
                    $"""
                    UPDATE archiver_replays SET state = 1, lease_owner = @_instance, lease_until = @UntilMs
                    WHERE id = (SELECT id FROM archiver_replays WHERE state <= 1 AND lease_until <= @now ORDER BY created_at, id LIMIT 1)
                    RETURNING {ReplayRow.Columns}
                    """,
                    new { _instance, UntilMs, now });
            },
            cancellationToken);
    }

    /// <summary>Says that this instance still runs the replay, and, if it holds the sink, that it still does.</summary>
    /// <exception cref="ReplayLostException">It does not.</exception>
    public async Task RenewAsync(ReplayRow replay, bool holds, CancellationToken cancellationToken)
    {
        var kept = await WriteAsync($"UPDATE archiver_replays SET lease_until = @UntilMs WHERE {Mine}", new { replay.Id, _instance, UntilMs, now = NowMs }, cancellationToken);
        if (kept == 0) throw Lost(replay);
        if (!holds) return;
        var held = await WriteAsync(
            "UPDATE archiver_progress SET held_until = @UntilMs WHERE sink = 'clickhouse' AND topic = @Events AND held_until > @now",
            new { UntilMs, Topics.Events, now = NowMs },
            cancellationToken);
        if (held < await LanesOfSinkAsync(cancellationToken)) throw new ReplayLostException("The sink into ClickHouse waits no longer.");
    }

    /// <summary>Writes down what is known of a replay.</summary>
    public async Task SetAsync(ReplayRow replay, string assignments, object values, CancellationToken cancellationToken)
    {
        var parameters = new DynamicParameters(values);
        parameters.AddDynamicParams(new { replay.Id, _instance, now = NowMs });
        if (await WriteAsync($"UPDATE archiver_replays SET {assignments}, updated_at = @now WHERE {Mine}", parameters, cancellationToken) == 0)
            throw Lost(replay);
    }

    /// <summary>Ends a replay, or lets go of it for a while.</summary>
    public Task EndAsync(ReplayRow replay, ReplayState state, string? error, TimeSpan pause, CancellationToken cancellationToken) => WriteAsync(
        """
        UPDATE archiver_replays SET state = @State, error = @error, lease_until = @until, updated_at = @NowMs, finished_at = @finished
        WHERE id = @Id AND lease_owner = @_instance
        """,
        new
        {
            State = (long)state, error, until = NowMs + (long)pause.TotalMilliseconds, NowMs, finished = state > ReplayState.Running ? NowMs : (long?)null, replay.Id, _instance,
        },
        cancellationToken);

    /// <summary>A replay with the tables aside that it used last, or <see langword="null"/>.</summary>
    public Task<ReplayRow?> StageAsync(ReplayRow replay, CancellationToken cancellationToken) =>
        database.FirstAsync<ReplayRow>($"SELECT {ReplayRow.Columns} FROM archiver_replays WHERE id = @Id", new { replay.Id }, cancellationToken);

    /// <summary>Whether somebody wants it stopped.</summary>
    public async Task<bool> IsCancelledAsync(ReplayRow replay, CancellationToken cancellationToken) =>
        await database.FirstAsync<long>("SELECT cancelled FROM archiver_replays WHERE id = @Id", new { replay.Id }, cancellationToken) != 0;

    /// <summary>The cuts that were begun in the tables aside.</summary>
    public async Task<List<ReplayCut>> CutsAsync(string stage, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<(string Manifest, long Cut, long Done)>(
            "SELECT manifest, cut, done FROM archiver_replay_cuts WHERE stage = @stage", new { stage }, cancellationToken);
        return [.. rows.Select(row => new ReplayCut(row.Manifest, (ulong)row.Cut, row.Done != 0))];
    }

    /// <summary>Writes a cut of the tables aside down before it is used: which manifests' events it holds.</summary>
    public Task BeginCutAsync(string stage, IEnumerable<string> manifests, ulong cut, CancellationToken cancellationToken) => database.WriteAsync(
        sql => sql.ExecuteAsync(
            "INSERT INTO archiver_replay_cuts (stage, manifest, cut, done) VALUES (@stage, @manifest, @number, 0)",
            manifests.Select(manifest => new { stage, manifest, number = (long)cut }).ToArray()),
        cancellationToken);

    /// <summary>Notes, in one transaction, that it is in the tables aside and how much is done by that.</summary>
    /// <param name="replay">The replay.</param>
    /// <param name="cut">The cut's number.</param>
    /// <param name="objects">How many objects it was read from.</param>
    /// <param name="rows">How many events it holds.</param>
    /// <param name="left">How many objects are left.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task EndCutAsync(ReplayRow replay, ulong cut, long objects, long rows, long left, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            await sql.ExecuteAsync("UPDATE archiver_replay_cuts SET done = 1 WHERE stage = @Stage AND cut = @number", new { replay.Stage, number = (long)cut });
            const string Done = "objects_done = objects_done + @objects, objects_total = objects_done + @objects + @left, rows_read = rows_read + @rows, error = NULL";
            var kept = await sql.ExecuteAsync(
                $"UPDATE archiver_replays SET {Done}, updated_at = @now WHERE {Mine}", new { objects, left, rows, replay.Id, _instance, now = NowMs });
            return kept > 0 ? kept : throw Lost(replay);
        },
        cancellationToken);

    /// <summary>Forgets the tables aside.</summary>
    public Task ForgetCutsAsync(string stage, CancellationToken cancellationToken) =>
        WriteAsync("DELETE FROM archiver_replay_cuts WHERE stage = @stage", new { stage }, cancellationToken);

    /// <summary>
    /// Has the sink into ClickHouse begin no new cut: the lane's own row says so, so a cut is begun before this or not at all. It ends by itself when nobody renews it.
    /// </summary>
    public Task HoldAsync(CancellationToken cancellationToken) => WriteAsync(
        "UPDATE archiver_progress SET held_until = @UntilMs WHERE sink = 'clickhouse' AND topic = @Events", new { UntilMs, Topics.Events }, cancellationToken);

    /// <summary>Lets the sink go on.</summary>
    public Task ReleaseAsync(CancellationToken cancellationToken) => WriteAsync(
        "UPDATE archiver_progress SET held_until = 0 WHERE sink = 'clickhouse' AND topic = @Events", new { Topics.Events }, cancellationToken);

    /// <summary>How far the sinks are, by partition.</summary>
    public async Task<Dictionary<int, ReplayLane>> LanesAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<Lane>(
            """
            SELECT r.part AS Part, r.epoch AS Epoch, COALESCE(r.next_offset, 0) AS Rows, COALESCE(o.next_offset, 0) AS Objects,
                CASE WHEN r.cut_first IS NULL THEN 0 ELSE 1 END AS Writing
            FROM archiver_progress AS r LEFT JOIN archiver_progress AS o ON o.sink = 'objects' AND o.topic = r.topic AND o.part = r.part AND o.epoch = r.epoch
            WHERE r.sink = 'clickhouse' AND r.topic = @Events
            """,
            new { Topics.Events },
            cancellationToken);
        return rows.ToDictionary(row => row.Part, row => new ReplayLane(row.Part, row.Epoch, row.Rows, row.Objects, row.Writing != 0));
    }

    private static ReplayLostException Lost(ReplayRow replay) => new($"The replay {replay.Id} belongs to another instance now.");

    private Task<long> LanesOfSinkAsync(CancellationToken cancellationToken) => database.FirstAsync<long>(
        "SELECT COUNT(*) FROM archiver_progress WHERE sink = 'clickhouse' AND topic = @Events", new { Topics.Events }, cancellationToken);

    private Task<int> WriteAsync(string statement, object parameters, CancellationToken cancellationToken) =>
        database.WriteAsync(sql => sql.ExecuteAsync(statement, parameters), cancellationToken);

    private sealed class Lane
    {
        public int Part { get; init; }

        public string Epoch { get; init; } = "";

        public long Rows { get; init; }

        public long Objects { get; init; }

        public long Writing { get; init; }
    }
}
