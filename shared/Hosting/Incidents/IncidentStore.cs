using Dapper;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Incidents;

/// <summary>The incidents of all services in the metadata database.</summary>
/// <param name="database">Holds the table.</param>
/// <param name="time">The clock.</param>
public sealed class IncidentStore(IMetadataDatabase database, TimeProvider time)
{
    /// <summary>Channel of the metadata database on which a change of any incident is announced; the payload is empty.</summary>
    public const string Channel = "hosting_incidents";

    /// <summary>How long an open incident counts as going on without a word of its process, which says so every 20 s.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(70);

    private const string Columns =
        "id, service, instance, kind, subject, step, cause, audience, peak, peak_unit, momentary, times, started_at, seen_at, ended_at";

    private const string Upsert = $"""
        INSERT INTO incidents ({Columns})
        VALUES (@Id, @Service, @Instance, @Kind, @Subject, @Step, @Cause, @Audience, @Peak, @PeakUnit, @Momentary, @Times, @StartedAt, @SeenAt, @EndedAt)
        ON CONFLICT (id) DO UPDATE SET
            instance = excluded.instance, step = excluded.step, cause = excluded.cause, audience = excluded.audience, peak = excluded.peak,
            peak_unit = excluded.peak_unit, seen_at = excluded.seen_at, ended_at = excluded.ended_at,
            times = CASE WHEN excluded.momentary = 1 THEN incidents.times + excluded.times ELSE 1 END
        """;

    /// <summary>Writes incidents as they are now, each by its id, in one transaction.</summary>
    public Task SaveAsync(IReadOnlyList<Incident> incidents, CancellationToken cancellationToken) => database.InTransactionAsync(
        (connection, transaction, token) => connection.ExecuteAsync(
            new CommandDefinition(Upsert, incidents.Select(Row.Of), transaction, cancellationToken: token)),
        cancellationToken);

    /// <summary>Ends what nobody speaks of any more, and forgets what is too old or too much.</summary>
    /// <returns>How many rows it changed.</returns>
    public Task<int> SweepAsync(IncidentOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var now = time.GetUtcNow();
        var values = new { silent = (now - Life).ToUnixTimeMilliseconds(), old = (now - options.Retention).ToUnixTimeMilliseconds(), kept = options.MaxKept };
        return database.InTransactionAsync(
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE incidents SET ended_at = seen_at WHERE ended_at IS NULL AND seen_at < @silent;
                DELETE FROM incidents WHERE ended_at < @old;
                DELETE FROM incidents WHERE ended_at IS NOT NULL AND id IN (
                    SELECT id FROM incidents ORDER BY started_at DESC, id DESC LIMIT 1000 OFFSET @kept);
                """,
                values,
                transaction,
                cancellationToken: token)),
            cancellationToken);
    }

    /// <summary>Incidents, newest first.</summary>
    public async Task<IReadOnlyList<Incident>> ReadAsync(IncidentQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        await using var connection = await database.OpenAsync(cancellationToken);
        var silent = (time.GetUtcNow() - Life).ToUnixTimeMilliseconds();
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM incidents
            WHERE {(query.Tenant is null ? "1 = 1" : "audience IN (@Tenant, '*')")}
            {(query.OpenOnly ? "AND ended_at IS NULL AND seen_at >= @silent" : "")}
            {(query.Kind is null ? "" : "AND kind = @Kind")}
            {(query.Service is null ? "" : "AND service = @Service")}
            {(query.Before is null ? "" : "AND (started_at < @at OR (started_at = @at AND id < @id))")}
            ORDER BY started_at DESC, id DESC LIMIT @Limit
            """,
            new { query.Tenant, query.Kind, query.Service, query.Limit, silent, at = query.Before?.StartedAtMs ?? 0, id = query.Before?.Id ?? "" },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToIncident(silent))];
    }

    private sealed class Row
    {
        public string Id { get; set; } = "";

        public string Service { get; set; } = "";

        public string Instance { get; set; } = "";

        public string Kind { get; set; } = "";

        public string Subject { get; set; } = "";

        public string Step { get; set; } = "";

        public string Cause { get; set; } = "";

        public string Audience { get; set; } = "";

        public double? Peak { get; set; }

        public string Peak_Unit { get; set; } = "";

        public long Momentary { get; set; }

        public long Times { get; set; }

        public long Started_At { get; set; }

        public long Seen_At { get; set; }

        public long? Ended_At { get; set; }

        public static object Of(Incident incident) => new
        {
            incident.Id,
            incident.Report.Service,
            incident.Instance,
            incident.Report.Kind,
            incident.Report.Subject,
            incident.Report.Step,
            incident.Report.Cause,
            incident.Report.Audience,
            incident.Report.Peak,
            incident.Report.PeakUnit,
            Momentary = incident.Momentary ? 1 : 0,
            incident.Times,
            StartedAt = incident.StartedAt.ToUnixTimeMilliseconds(),
            SeenAt = incident.SeenAt.ToUnixTimeMilliseconds(),
            EndedAt = incident.EndedAt?.ToUnixTimeMilliseconds(),
        };

        // A process that was killed could not say that its incident is over: it ended with the last word.
        public Incident ToIncident(long silent) => new(
            Id,
            new IncidentReport(Service, Kind, Subject, Step, Cause) { Audience = Audience, Peak = Peak, PeakUnit = Peak_Unit },
            Instance,
            DateTimeOffset.FromUnixTimeMilliseconds(Started_At),
            DateTimeOffset.FromUnixTimeMilliseconds(Seen_At),
            Ended_At is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : Seen_At < silent ? DateTimeOffset.FromUnixTimeMilliseconds(Seen_At) : null)
        {
            Momentary = Momentary != 0,
            Times = Times,
        };
    }
}

/// <summary>Which incidents are wanted.</summary>
public sealed record IncidentQuery
{
    /// <summary>Those that this tenant may see; unset: all, for operators.</summary>
    public string? Tenant { get; init; }

    /// <summary>Only those that go on.</summary>
    public bool OpenOnly { get; init; }

    /// <summary>Only this kind.</summary>
    public string? Kind { get; init; }

    /// <summary>Only this service's.</summary>
    public string? Service { get; init; }

    /// <summary>Only those after this one, in the order of the answer: the last one of the page before.</summary>
    public (long StartedAtMs, string Id)? Before { get; init; }

    /// <summary>At most so many.</summary>
    public int Limit { get; init; } = 100;
}
