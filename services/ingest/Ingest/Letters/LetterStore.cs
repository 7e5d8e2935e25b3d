using System.Text;
using Dapper;

namespace Millrace.Ingest.Letters;

/// <summary>Which dead letters are meant.</summary>
/// <param name="Code">Of the error table.</param>
/// <param name="Stream">Stream of the event or of its request.</param>
/// <param name="FromMs">Received at or after.</param>
/// <param name="ToMs">Received before.</param>
/// <param name="Status">Where they stand.</param>
/// <param name="RedriveId">The last redrive that had them.</param>
internal sealed record LetterFilter(string? Code, string? Stream, long? FromMs, long? ToMs, LetterStatus? Status = null, string? RedriveId = null)
{
    /// <summary>Adds the conditions, each beginning with AND.</summary>
    public void AddTo(StringBuilder sql, DynamicParameters parameters)
    {
        Add(Code, "l.code = @code", "code");
        Add(Stream, "l.stream = @stream", "stream");
        Add(FromMs, "l.at >= @fromMs", "fromMs");
        Add(ToMs, "l.at < @toMs", "toMs");
        Add((long?)Status, "l.status = @status", "status");
        Add(RedriveId, "l.redrive_id = @redriveId", "redriveId");

        void Add(object? value, string condition, string name)
        {
            if (value is null) return;
            sql.Append(" AND ").Append(condition);
            parameters.Add(name, value);
        }
    }
}

/// <summary>Reads the list of dead letters.</summary>
internal sealed class LetterStore(LetterDatabase database)
{
    /// <summary>How many bytes of each event a list shows.</summary>
    public const int ExcerptBytes = 4096;

    /// <summary>A tenant's letters, newest first.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="filter">Which.</param>
    /// <param name="after">The last one of the page before.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<List<LetterRow>> ListAsync(string tenant, LetterFilter filter, (long AtMs, string Id)? after, int limit, CancellationToken cancellationToken)
    {
        var parameters = new DynamicParameters(new { tenant, limit, ExcerptBytes });
        var sql = new StringBuilder(
            $"SELECT {LetterRow.Columns}, substr(b.original, 1, @ExcerptBytes) AS Original FROM ingest_letters AS l JOIN ingest_letter_bytes AS b ON b.id = l.id WHERE l.tenant = @tenant");
        filter.AddTo(sql, parameters);
        if (after is { } last)
        {
            sql.Append(" AND (l.at, l.id) < (@lastAt, @lastId)");
            parameters.Add("lastAt", last.AtMs);
            parameters.Add("lastId", last.Id);
        }

        sql.Append(" ORDER BY l.at DESC, l.id DESC LIMIT @limit");
        return database.QueryAsync<LetterRow>(sql.ToString(), parameters, cancellationToken);
    }

    /// <summary>One letter with all its bytes, if it is the tenant's.</summary>
    public Task<LetterRow?> FindAsync(string tenant, string id, CancellationToken cancellationToken) => database.FirstAsync<LetterRow>(
        $"SELECT {LetterRow.Columns}, b.original AS Original FROM ingest_letters AS l JOIN ingest_letter_bytes AS b ON b.id = l.id WHERE l.id = @id AND l.tenant = @tenant",
        new { tenant, id },
        cancellationToken);

    /// <summary>How many letters of a tenant have been dropped from the list since it began.</summary>
    public Task<long> DroppedAsync(string tenant, CancellationToken cancellationToken) =>
        database.FirstAsync<long>("SELECT dropped FROM ingest_letter_totals WHERE tenant = @tenant", new { tenant }, cancellationToken);
}
