using System.Globalization;
using System.Text;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Schema;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary>Takes redrives in and shows them.</summary>
internal sealed class RedriveStore(LetterDatabase database, AuditLog audit)
{
    /// <summary>Unfinished redrives that a tenant may have.</summary>
    public const int MaxUnfinished = 100;

    private const string Insert = """
        INSERT INTO ingest_redrives (id, tenant, actor, idempotency_key, request_hash, kind, code, stream, from_at, to_at, ids, default_stream,
            replacement, replacement_type, newest_at, state, cancelled, total, redriven, refused, skipped, events, cursor_at, cursor_id, judged_at,
            log_epoch, log_ends, lease_until, created_at, updated_at)
        VALUES (@id, @tenant, @actor, @key, @Hash, @Kind, @Code, @Stream, @FromMs, @ToMs, @ids, @DefaultStream,
            @Replacement, @ReplacementType, @newest, 0, 0, @total, 0, 0, @skipped, 0, 0, '', 0,
            '', '', 0, @NowMs, @NowMs)
        """;

    /// <summary>What became of a request for a redrive.</summary>
    /// <param name="Redrive">The redrive.</param>
    /// <param name="IsNew">Whether it was made now, and not by an earlier request with the same key.</param>
    /// <param name="Refusal">Why there is none.</param>
    internal sealed record Outcome(RedriveRow? Redrive, bool IsNew, RedriveRefusal Refusal = RedriveRefusal.None);

    /// <summary>Takes a redrive in, unless one with the same idempotency key is there.</summary>
    public Task<Outcome> CreateAsync(string tenant, string actor, string? key, RedriveRequest request, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            if (key is not null && await sql.FirstAsync<RedriveRow>(
                $"SELECT {RedriveRow.Columns} FROM ingest_redrives WHERE tenant = @tenant AND idempotency_key = @key", new { tenant, key }) is { } earlier)
                return earlier.RequestHash == request.Hash ? new Outcome(earlier, false) : new Outcome(null, false, RedriveRefusal.KeyReused);
            if (await sql.FirstAsync<long>("SELECT COUNT(*) FROM ingest_redrives WHERE tenant = @tenant AND state <= 1", new { tenant }) >= MaxUnfinished)
                return new Outcome(null, false, RedriveRefusal.TooMany);
            var (meant, dead, newest) = await CountAsync(sql, tenant, request);
            if (meant < request.Ids.Count) return new Outcome(null, false, RedriveRefusal.UnknownLetter);
            if (request.Kind == "edited" && dead == 0) return new Outcome(null, false, RedriveRefusal.NotDead);
            var id = Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(sql.NowMs)).ToString();
            await sql.ExecuteAsync(Insert, new
            {
                id, tenant, actor, key, request.Hash, request.Kind, request.Filter.Code, request.Filter.Stream, request.Filter.FromMs, request.Filter.ToMs,
                ids = request.Ids.Count == 0 ? null : string.Join(' ', request.Ids), request.DefaultStream, request.Replacement, request.ReplacementType,
                newest, total = dead, skipped = request.Ids.Count == 0 ? 0 : meant - dead, sql.NowMs,
            });
            await audit.WriteAsync(
                sql.Connection, sql.Transaction, tenant, actor, "dead_letters.redrive", id,
                string.Create(CultureInfo.InvariantCulture, $"{request.Kind}, {dead} letters"), sql.Cancellation);
            return new Outcome(await FindAsync(sql, id), true);
        },
        cancellationToken);

    /// <summary>A redrive, if it is the tenant's.</summary>
    public Task<RedriveRow?> FindAsync(string tenant, string id, CancellationToken cancellationToken) => database.FirstAsync<RedriveRow>(
        $"SELECT {RedriveRow.Columns} FROM ingest_redrives WHERE id = @id AND tenant = @tenant", new { id, tenant }, cancellationToken);

    /// <summary>A tenant's redrives, newest first.</summary>
    public Task<List<RedriveRow>> ListAsync(string tenant, PageQuery page, CancellationToken cancellationToken) => database.QueryAsync<RedriveRow>(
        $"""
        SELECT {RedriveRow.Columns} FROM ingest_redrives WHERE tenant = @tenant AND (created_at, id) < (@lastAt, @lastId)
        ORDER BY created_at DESC, id DESC LIMIT @limit
        """,
        new { tenant, lastAt = page.After?.AtMs ?? long.MaxValue, lastId = page.After?.Id ?? "", limit = page.Limit + 1 },
        cancellationToken);

    /// <summary>Stops a redrive before the next letters that it would take.</summary>
    public Task<RedriveRow?> CancelAsync(string tenant, string actor, string id, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var changed = await sql.ExecuteAsync(
                "UPDATE ingest_redrives SET cancelled = 1, updated_at = @NowMs WHERE id = @id AND tenant = @tenant AND state <= 1 AND cancelled = 0", new { id, tenant, sql.NowMs });
            if (changed > 0) await audit.WriteAsync(sql.Connection, sql.Transaction, tenant, actor, "dead_letters.redrive_cancel", id, null, sql.Cancellation);
            return await sql.FirstAsync<RedriveRow>($"SELECT {RedriveRow.Columns} FROM ingest_redrives WHERE id = @id AND tenant = @tenant", new { id, tenant });
        },
        cancellationToken);

    private static Task<RedriveRow?> FindAsync(SqlScope sql, string id) =>
        sql.FirstAsync<RedriveRow>($"SELECT {RedriveRow.Columns} FROM ingest_redrives WHERE id = @id", new { id });

    /// <summary>How many letters are meant, how many of them are dead, and the time of the newest of these.</summary>
    private static Task<(long Meant, long Dead, long Newest)> CountAsync(SqlScope sql, string tenant, RedriveRequest request)
    {
        var parameters = InList.Parameters(request.Ids, new { tenant });
        var where = new StringBuilder("WHERE l.tenant = @tenant");
        request.Filter.AddTo(where, parameters);
        if (request.Ids.Count > 0) where.Append(CultureInfo.InvariantCulture, $" AND l.id IN ({InList.Names(request.Ids)})");
        // Sums of bigint are numeric in PostgreSQL.
        return sql.FirstAsync<(long, long, long)>(
            $"""
            SELECT COUNT(*), COUNT(CASE WHEN l.status = 0 THEN 1 END), COALESCE(MAX(CASE WHEN l.status = 0 THEN l.at END), 0)
            FROM ingest_letters AS l {where}
            """,
            parameters);
    }
}

/// <summary>Why a redrive is not taken in.</summary>
internal enum RedriveRefusal
{
    /// <summary>It is.</summary>
    None = 0,

    /// <summary>The key belongs to another request.</summary>
    KeyReused = 1,

    /// <summary>The tenant has too many unfinished ones.</summary>
    TooMany = 2,

    /// <summary>A letter that is named is not there.</summary>
    UnknownLetter = 3,

    /// <summary>The letter to be edited is redriven already, or in another redrive's hands.</summary>
    NotDead = 4,
}
