using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Schema;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary>The lease on another instance's hands has run out, or was taken: whoever has the redrive now goes on with it.</summary>
internal sealed class LeaseLostException(string redrive) : Exception($"The redrive {redrive} belongs to another instance now.");

/// <summary>What came of a letter.</summary>
/// <param name="Id">The letter.</param>
/// <param name="Events">Events that it became; 0 where it was refused.</param>
/// <param name="Refused">Why it was refused.</param>
internal sealed record LetterVerdict(string Id, int Events, Events.Fault? Refused);

/// <summary>
/// The steps of a redrive in the database. Letters are taken in hand in one transaction, with the position of the log before anything of them stands
/// there, and given back in another, with what came of them: whoever finds letters in hand knows where to look for what they became.
/// </summary>
internal sealed class RedriveWork(LetterDatabase database, IOptions<IngestOptions> options)
{
    private const int BatchLetters = 500;
    private const long BatchBytes = 4 * 1024 * 1024;
    private readonly string _instance = Guid.NewGuid().ToString("n");

    private long LeaseMs => (long)options.Value.DeadLetters.RedriveLease.TotalMilliseconds;

    /// <summary>Takes the oldest redrive that nobody runs.</summary>
    public Task<RedriveRow?> ClaimAsync(CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var id = await sql.FirstAsync<string>(
                "SELECT id FROM ingest_redrives WHERE state <= 1 AND lease_until <= @NowMs ORDER BY created_at, id LIMIT 1", new { sql.NowMs });
            return id is null
                ? null
                : await sql.FirstAsync<RedriveRow>(
                    $"""
                    UPDATE ingest_redrives SET state = 1, lease_owner = @_instance, lease_until = @until, updated_at = @NowMs
                    WHERE id = @id RETURNING {RedriveRow.Columns}
                    """,
                    new { _instance, until = sql.NowMs + LeaseMs, sql.NowMs, id });
        },
        cancellationToken);

    /// <summary>Whether there is anything that nobody runs.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken) => await database.FirstAsync<long>(
        "SELECT COUNT(*) FROM ingest_redrives WHERE state <= 1 AND lease_until <= @NowMs", new { database.NowMs }, cancellationToken) > 0;

    /// <summary>The letters that a redrive has in hand, with their bytes.</summary>
    public Task<List<LetterRow>> InHandAsync(RedriveRow redrive, CancellationToken cancellationToken) => database.QueryAsync<LetterRow>(
        $"""
        SELECT {LetterRow.Columns}, b.original AS Original FROM ingest_letters AS l JOIN ingest_letter_bytes AS b ON b.id = l.id
        WHERE l.redrive_id = @Id AND l.status = 1 ORDER BY l.at, l.id
        """,
        new { redrive.Id },
        cancellationToken);

    /// <summary>Takes the next letters in hand; ends the redrive when there are none, or when it is cancelled.</summary>
    /// <param name="redrive">The redrive.</param>
    /// <param name="events">Where <c>millrace.events</c> stands now.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The redrive as it is now.</returns>
    public Task<RedriveRow> TakeAsync(RedriveRow redrive, TopicInfo events, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var now = await sql.FirstAsync<RedriveRow>($"SELECT {RedriveRow.Columns} FROM ingest_redrives WHERE id = @Id", new { redrive.Id });
            var letters = now is null || now.Cancelled != 0 ? [] : await NextAsync(sql, now);
            var ids = letters.ConvertAll(letter => letter.Id);
            if (ids.Count > 0)
            {
                await sql.ExecuteAsync(
                    $"UPDATE ingest_letters SET status = 1, redrive_id = @Id WHERE id IN ({InList.Names(ids)})", InList.Parameters(ids, new { redrive.Id }));
            }

            var ended = ids.Count > 0 ? RedriveState.Running : now?.Cancelled != 0 ? RedriveState.Cancelled : RedriveState.Done;
            return await sql.FirstAsync<RedriveRow>(
                $"""
                UPDATE ingest_redrives SET state = @State, cursor_at = COALESCE(@at, cursor_at), cursor_id = COALESCE(@last, cursor_id),
                    judged_at = @NowMs, log_epoch = @Epoch, log_ends = @ends, skipped = COALESCE(@skipped, skipped),
                    lease_until = @until, error = NULL, updated_at = @NowMs, finished_at = @finished
                WHERE id = @Id AND lease_owner = @_instance AND lease_until > @NowMs RETURNING {RedriveRow.Columns}
                """,
                new
                {
                    // Of the letters that were named, another redrive may have been faster.
                    skipped = ended == RedriveState.Done && now!.Ids is { } named ? named.Split(' ').Length - now.Redriven - now.Refused : (long?)null,
                    State = (long)ended, at = letters.Count > 0 ? letters[^1].At : (long?)null, last = letters.Count > 0 ? letters[^1].Id : null,
                    sql.NowMs, events.Epoch, ends = string.Join(' ', events.Partitions.OrderBy(p => p.Partition).Select(p => p.EndOffset)),
                    until = sql.NowMs + LeaseMs, finished = ended == RedriveState.Running ? (long?)null : sql.NowMs, redrive.Id, _instance,
                }) ?? throw new LeaseLostException(redrive.Id);
        },
        cancellationToken);

    /// <summary>Says that this instance still runs a redrive.</summary>
    /// <exception cref="LeaseLostException">It does not.</exception>
    public async Task RenewAsync(RedriveRow redrive, CancellationToken cancellationToken)
    {
        var renewed = await database.WriteAsync(
            sql => sql.ExecuteAsync(
                "UPDATE ingest_redrives SET lease_until = @until WHERE id = @Id AND lease_owner = @_instance AND lease_until > @NowMs",
                new { until = sql.NowMs + LeaseMs, redrive.Id, _instance, sql.NowMs }),
            cancellationToken);
        if (renewed == 0) throw new LeaseLostException(redrive.Id);
    }

    /// <summary>Lets go of a redrive that can't get on now; letters in hand stay so.</summary>
    public Task LetGoAsync(RedriveRow redrive, string? error, TimeSpan pause, CancellationToken cancellationToken) => database.WriteAsync(
        sql => sql.ExecuteAsync(
            "UPDATE ingest_redrives SET lease_until = @until, error = @error, updated_at = @NowMs WHERE id = @Id AND lease_owner = @_instance",
            new { until = sql.NowMs + (long)pause.TotalMilliseconds, error, sql.NowMs, redrive.Id, _instance }),
        cancellationToken);

    /// <summary>Writes down what came of the letters in hand.</summary>
    public Task<int> RecordAsync(RedriveRow redrive, IReadOnlyList<LetterVerdict> verdicts, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var edited = redrive.Replacement is not null;
            var counted = await sql.ExecuteAsync(
                """
                UPDATE ingest_redrives SET redriven = redriven + @redriven, refused = refused + @refused, events = events + @events, lease_until = @until,
                    error = NULL, updated_at = @NowMs WHERE id = @Id AND lease_owner = @_instance
                """,
                new
                {
                    redriven = verdicts.Count(v => v.Refused is null), refused = verdicts.Count(v => v.Refused is not null), events = verdicts.Sum(v => v.Events),
                    until = sql.NowMs + LeaseMs, sql.NowMs, redrive.Id, _instance,
                });
            if (counted == 0) throw new LeaseLostException(redrive.Id);
            // The reason is that of the original bytes; what an edited event was refused for is only told beside it.
            await sql.ExecuteAsync(
                """
                UPDATE ingest_letters SET status = @Status, attempts = attempts + 1, attempted_at = @JudgedAt, edited = @edited,
                    last_code = @Code, last_field = @Field, last_message = @Message,
                    code = CASE WHEN @replaces = 1 THEN @Code ELSE code END, field = CASE WHEN @replaces = 1 THEN @Field ELSE field END,
                    message = CASE WHEN @replaces = 1 THEN @Message ELSE message END
                WHERE id = @Id AND redrive_id = @redriveId AND status = 1
                """,
                verdicts.Select(verdict => new
                {
                    Status = (long)(verdict.Refused is null ? LetterStatus.Redriven : LetterStatus.Dead), redrive.JudgedAt, edited = edited ? 1L : 0L,
                    verdict.Refused?.Code.Code, Field = Storable(verdict.Refused?.Field), Message = Storable(verdict.Refused?.Message),
                    replaces = verdict.Refused is null || edited ? 0L : 1L, verdict.Id, redriveId = redrive.Id,
                }));
            return counted;
        },
        cancellationToken);

    private static string? Storable(string? text) => text?.Replace('\0', '\uFFFD');

    private static async Task<List<LetterRow>> NextAsync(SqlScope sql, RedriveRow redrive)
    {
        var ids = redrive.Ids?.Split(' ') ?? [];
        var parameters = InList.Parameters(ids, new { redrive.Tenant, redrive.CursorAt, redrive.CursorId, redrive.NewestAt, BatchLetters });
        var query = new StringBuilder($"SELECT {LetterRow.Columns} FROM ingest_letters AS l WHERE l.tenant = @Tenant AND l.status = 0");
        query.Append(" AND (l.at, l.id) > (@CursorAt, @CursorId) AND l.at <= @NewestAt");
        new LetterFilter(redrive.Code, redrive.Stream, redrive.FromAt, redrive.ToAt).AddTo(query, parameters);
        if (ids.Length > 0) query.Append(CultureInfo.InvariantCulture, $" AND l.id IN ({InList.Names(ids)})");
        query.Append(" ORDER BY l.at, l.id LIMIT @BatchLetters");
        var letters = await sql.QueryAsync<LetterRow>(query.ToString(), parameters);
        var (count, bytes) = (0, 0L);
        while (count < letters.Count && (count == 0 || bytes + letters[count].KeptBytes <= BatchBytes)) bytes += letters[count++].KeptBytes;
        return letters[..count];
    }
}
