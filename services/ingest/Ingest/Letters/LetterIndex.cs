using Microsoft.Extensions.Options;
using Millrace.Hosting.Schema;

namespace Millrace.Ingest.Letters;

/// <summary>
/// Writes the list of dead letters: rows, totals and the position on the topic move together in one transaction, and only from the position
/// that this instance knows, so each record comes in exactly once whoever reads it.
/// </summary>
internal sealed class LetterIndex(LetterDatabase database, LetterMetrics metrics, IOptions<IngestOptions> options)
{
    private const int TrimBatch = 500;

    private const string Advance = """
        INSERT INTO ingest_letter_progress (part, epoch, next_offset) VALUES (@Partition, @Epoch, @next)
        ON CONFLICT (part) DO UPDATE SET epoch = excluded.epoch, next_offset = excluded.next_offset
        WHERE ingest_letter_progress.epoch = @KnownEpoch AND ingest_letter_progress.next_offset = @Known
        """;

    private const string Insert = """
        INSERT INTO ingest_letters (id, tenant, at, status, code, field, message, stream, default_stream, event_id, content_type, event_index,
            origin, part, log_offset, original_bytes, kept_bytes, attempts, edited)
        VALUES (@Id, @Tenant, @At, 0, @Code, @Field, @Message, @Stream, @DefaultStream, @EventId, @ContentType, @EventIndex,
            @Origin, @Part, @LogOffset, @OriginalBytes, @KeptBytes, 0, 0)
        """;

    private const string AddTotals = """
        INSERT INTO ingest_letter_totals (tenant, letters, bytes, dropped) VALUES (@tenant, @letters, @bytes, @dropped)
        ON CONFLICT (tenant) DO UPDATE SET letters = ingest_letter_totals.letters + excluded.letters,
            bytes = ingest_letter_totals.bytes + excluded.bytes, dropped = ingest_letter_totals.dropped + excluded.dropped
        RETURNING letters, bytes
        """;

    private LetterOptions Options => options.Value.DeadLetters;

    /// <summary>Where the list stands in a partition.</summary>
    public async Task<LetterPosition> PositionAsync(int partition, string epoch, CancellationToken cancellationToken)
    {
        var saved = await database.FirstAsync<(string? Epoch, long Next)>(
            "SELECT epoch, next_offset FROM ingest_letter_progress WHERE part = @partition", new { partition }, cancellationToken);
        return new LetterPosition(partition, epoch, saved.Epoch, saved.Next);
    }

    /// <summary>Takes records in.</summary>
    /// <param name="position">Where the list stands; moved on.</param>
    /// <param name="letters">The records.</param>
    /// <param name="next">Where it stands then.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Whether the partition was still this instance's.</returns>
    public async Task<bool> AddAsync(LetterPosition position, IReadOnlyList<LetterRow> letters, long next, CancellationToken cancellationToken)
    {
        var dropped = await database.WriteAsync<long?>(
            async sql =>
            {
                var moved = await sql.ExecuteAsync(Advance, new { position.Partition, position.Epoch, next, position.KnownEpoch, position.Known });
                if (moved == 0) return null;
                await sql.ExecuteAsync(Insert, letters);
                await sql.ExecuteAsync("INSERT INTO ingest_letter_bytes (id, original) VALUES (@Id, @Original)", letters);
                var dropped = 0L;
                // In one order, so that two instances never wait for each other.
                foreach (var tenant in letters.GroupBy(letter => letter.Tenant, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
                    dropped += await AddTotalsAsync(sql, tenant.Key, tenant.Count(), tenant.Sum(letter => letter.KeptBytes));
                return dropped;
            },
            cancellationToken);
        if (dropped is null) return false;
        position.MoveTo(next);
        metrics.Indexed(letters.Count);
        metrics.Dropped(dropped.Value, "limit");
        return true;
    }

    /// <summary>Drops one batch of what is too old, and of redrives that ended as long ago.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> DropOldAsync(CancellationToken cancellationToken)
    {
        var (dropped, redrives) = await database.WriteAsync(
            async sql =>
            {
                var oldest = sql.NowMs - (long)Options.Retention.TotalMilliseconds;
                var old = await sql.QueryAsync<Kept>(
                    "SELECT id AS Id, tenant AS Tenant, kept_bytes AS Bytes FROM ingest_letters WHERE at < @oldest AND status <> 1 ORDER BY at LIMIT @TrimBatch",
                    new { oldest, TrimBatch });
                await DeleteAsync(sql, old);
                foreach (var tenant in old.GroupBy(letter => letter.Tenant, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
                    await sql.FirstAsync<long>(AddTotals, new { tenant = tenant.Key, letters = -tenant.Count(), bytes = -tenant.Sum(letter => letter.Bytes), dropped = tenant.Count() });
                var redrives = await sql.ExecuteAsync(
                    "DELETE FROM ingest_redrives WHERE id IN (SELECT id FROM ingest_redrives WHERE state > 1 AND finished_at < @oldest LIMIT @TrimBatch)", new { oldest, TrimBatch });
                return (old.Count, redrives);
            },
            cancellationToken);
        metrics.Dropped(dropped, "age");
        return dropped == TrimBatch || redrives == TrimBatch;
    }

    private async Task<long> AddTotalsAsync(SqlScope sql, string tenant, long letters, long bytes)
    {
        var totals = await sql.FirstAsync<(long Letters, long Bytes)>(AddTotals, new { tenant, letters, bytes, dropped = 0 });
        var dropped = 0L;
        while (totals.Letters > Options.MaxPerTenant || totals.Bytes > Options.MaxBytesPerTenant)
        {
            var oldest = await sql.QueryAsync<Kept>(
                """
                SELECT id AS Id, tenant AS Tenant, kept_bytes AS Bytes FROM ingest_letters WHERE tenant = @tenant AND status <> 1
                ORDER BY at, id LIMIT @TrimBatch
                """,
                new { tenant, TrimBatch });
            var (count, freed) = (0, 0L);
            while (count < oldest.Count && (totals.Letters - count > Options.MaxPerTenant || totals.Bytes - freed > Options.MaxBytesPerTenant))
                freed += oldest[count++].Bytes;
            if (count == 0) break; // All that is left is in the hands of a redrive.
            await DeleteAsync(sql, oldest[..count]);
            totals = await sql.FirstAsync<(long Letters, long Bytes)>(AddTotals, new { tenant, letters = -count, bytes = -freed, dropped = count });
            dropped += count;
        }

        return dropped;
    }

    private static async Task DeleteAsync(SqlScope sql, List<Kept> letters)
    {
        if (letters.Count == 0) return;
        var ids = letters.ConvertAll(letter => letter.Id);
        await sql.ExecuteAsync($"DELETE FROM ingest_letter_bytes WHERE id IN ({InList.Names(ids)})", InList.Parameters(ids));
        await sql.ExecuteAsync($"DELETE FROM ingest_letters WHERE id IN ({InList.Names(ids)})", InList.Parameters(ids));
    }

    private sealed class Kept
    {
        public string Id { get; init; } = "";

        public string Tenant { get; init; } = "";

        public long Bytes { get; init; }
    }
}

/// <summary>Where the list stands in a partition of the dead-letter topic.</summary>
/// <param name="partition">The partition.</param>
/// <param name="epoch">The topic's epoch now.</param>
/// <param name="savedEpoch">The epoch of what was saved, <see langword="null"/> where nothing was.</param>
/// <param name="saved">The offset that was saved.</param>
internal sealed class LetterPosition(int partition, string epoch, string? savedEpoch, long saved)
{
    public int Partition => partition;

    public string Epoch => epoch;

    /// <summary>The epoch that stands in the database.</summary>
    public string? KnownEpoch { get; private set; } = savedEpoch;

    /// <summary>The offset that stands in the database.</summary>
    public long Known { get; private set; } = saved;

    /// <summary>Where to read on. A position of another epoch means nothing.</summary>
    public long Next => KnownEpoch == epoch ? Known : 0;

    /// <summary>The database has moved.</summary>
    public void MoveTo(long next) => (KnownEpoch, Known) = (epoch, next);
}
