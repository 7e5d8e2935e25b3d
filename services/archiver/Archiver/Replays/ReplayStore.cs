using System.Globalization;
using Millrace.Archiver.Progress;
using Millrace.Hosting.Audit;

namespace Millrace.Archiver.Replays;

/// <summary>Takes replays in and shows them.</summary>
internal sealed class ReplayStore(ArchiverDatabase database, AuditLog audit, TimeProvider time)
{
    /// <summary>Unfinished replays that a tenant may have.</summary>
    public const int MaxUnfinished = 20;

    private const string Insert = """
        INSERT INTO archiver_replays (id, tenant, actor, idempotency_key, request_hash, target, table_name, stream, from_at, to_at, state, cancelled,
            phase, stage, objects_total, objects_done, rows_read, rows_applied, lease_until, created_at, updated_at)
        VALUES (@id, @tenant, @actor, @key, @Hash, @Target, @Table, @Stream, @FromMs, @ToMs, 0, 0, 0, '', 0, 0, 0, 0, 0, @now, @now)
        """;

    /// <summary>What became of a request.</summary>
    /// <param name="Replay">The replay; <see langword="null"/> where none was made.</param>
    /// <param name="IsNew">Whether it was made now.</param>
    /// <param name="Refusal">Why none was made.</param>
    internal sealed record Outcome(ReplayRow? Replay, bool IsNew, string? Refusal = null);

    /// <summary>Takes a replay in, unless one with the same idempotency key is there.</summary>
    public async Task<Outcome> CreateAsync(string tenant, string actor, string? key, ReplayRequest request, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var (id, now) = (Guid.CreateVersion7(at).ToString(), at.ToUnixTimeMilliseconds());
        return await database.WriteAsync(
            async sql =>
            {
                const string Select = $"SELECT {ReplayRow.Columns} FROM archiver_replays WHERE tenant = @tenant";
                if (key is not null && await sql.FirstAsync<ReplayRow>(Select + " AND idempotency_key = @key", new { tenant, key }) is { } earlier)
                {
                    return earlier.RequestHash == request.Hash
                        ? new Outcome(earlier, false)
                        : new Outcome(null, false, "Another request came with the same Idempotency-Key. Give each request a key of its own.");
                }

                if (await sql.FirstAsync<long>("SELECT COUNT(*) FROM archiver_replays WHERE tenant = @tenant AND state <= 1", new { tenant }) >= MaxUnfinished)
                    return new Outcome(null, false, $"There are {MaxUnfinished} unfinished replays. Wait for them or cancel some.");
                await sql.ExecuteAsync(
                    Insert, new { id, tenant, actor, key, request.Hash, request.Target, request.Table, request.Stream, request.FromMs, request.ToMs, now });
                var detail = string.Create(CultureInfo.InvariantCulture, $"{request.Target} {request.Table} {request.Stream} {request.FromMs}-{request.ToMs}");
                await audit.WriteAsync(sql.Connection, sql.Transaction, tenant, actor, "replay.create", id, detail, sql.Cancellation);
                return new Outcome(await sql.FirstAsync<ReplayRow>(Select + " AND id = @id", new { tenant, id }), true);
            },
            cancellationToken);
    }

    /// <summary>A replay, if it is the tenant's.</summary>
    public Task<ReplayRow?> FindAsync(string tenant, string id, CancellationToken cancellationToken) => database.FirstAsync<ReplayRow>(
        $"SELECT {ReplayRow.Columns} FROM archiver_replays WHERE tenant = @tenant AND id = @id", new { tenant, id }, cancellationToken);

    /// <summary>A tenant's replays before an id, newest first: ids grow with time.</summary>
    public Task<List<ReplayRow>> ListAsync(string tenant, string? before, int limit, CancellationToken cancellationToken) => database.QueryAsync<ReplayRow>(
        $"SELECT {ReplayRow.Columns} FROM archiver_replays WHERE tenant = @tenant AND id < @before ORDER BY id DESC LIMIT @limit",
        new { tenant, before = before ?? "g", limit }, // Ids are hexadecimal, so 'g' is after all of them.
        cancellationToken);

    /// <summary>Stops a replay, unless it is putting its result in place already.</summary>
    public async Task<ReplayRow?> CancelAsync(string tenant, string actor, string id, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            async sql =>
            {
                var changed = await sql.ExecuteAsync(
                    "UPDATE archiver_replays SET cancelled = 1, updated_at = @NowMs WHERE id = @id AND tenant = @tenant AND state <= 1 AND cancelled = 0",
                    new { id, tenant, sql.NowMs });
                if (changed > 0) await audit.WriteAsync(sql.Connection, sql.Transaction, tenant, actor, "replay.cancel", id, null, sql.Cancellation);
                return changed;
            },
            cancellationToken);
        return await FindAsync(tenant, id, cancellationToken);
    }
}
