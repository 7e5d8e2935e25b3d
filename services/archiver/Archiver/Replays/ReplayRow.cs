using Millrace.Archiver.Objects;

namespace Millrace.Archiver.Replays;

/// <summary>Where a replay stands.</summary>
internal enum ReplayState
{
    /// <summary>Nobody has begun it.</summary>
    Queued = 0,

    /// <summary>An instance runs it, or did until it died.</summary>
    Running = 1,

    /// <summary>The target is what the archive says.</summary>
    Done = 2,

    /// <summary>It was stopped; the target is as it was.</summary>
    Cancelled = 3,

    /// <summary>It can't be done; the target is as it was, or, where the error came while it was put in place, partly new.</summary>
    Failed = 4,
}

/// <summary>What a running replay does.</summary>
internal enum ReplayPhase
{
    /// <summary>Copies the archive into tables aside.</summary>
    Copying = 0,

    /// <summary>Has the sink into ClickHouse wait, copies the rest and puts it in place.</summary>
    Applying = 1,
}

/// <summary>A replay as the database has it.</summary>
internal sealed class ReplayRow
{
    /// <summary>The columns, named as the properties here.</summary>
    public const string Columns = """
        id AS Id, tenant AS Tenant, actor AS Actor, request_hash AS RequestHash, target AS Target, table_name AS TableName, stream AS Stream,
        from_at AS FromAt, to_at AS ToAt, state AS State, cancelled AS Cancelled, phase AS Phase, stage AS Stage, objects_total AS ObjectsTotal,
        objects_done AS ObjectsDone, rows_read AS RowsRead, rows_applied AS RowsApplied, error AS Error, created_at AS CreatedAt,
        updated_at AS UpdatedAt, finished_at AS FinishedAt
        """;

    public string Id { get; init; } = "";

    public string Tenant { get; init; } = "";

    public string Actor { get; init; } = "";

    public string RequestHash { get; init; } = "";

    /// <summary><c>rollups</c> or <c>table</c>.</summary>
    public string Target { get; init; } = "";

    /// <summary>For <c>table</c>: <c>events</c>, or the name of a new one.</summary>
    public string? TableName { get; init; }

    public string? Stream { get; init; }

    public long FromAt { get; init; }

    public long ToAt { get; init; }

    public long State { get; init; }

    public long Cancelled { get; init; }

    public long Phase { get; init; }

    /// <summary>Names the tables aside; another for each attempt that begins anew.</summary>
    public string Stage { get; init; } = "";

    public long ObjectsTotal { get; init; }

    public long ObjectsDone { get; init; }

    public long RowsRead { get; init; }

    public long RowsApplied { get; init; }

    public string? Error { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long? FinishedAt { get; init; }

    /// <summary>The events that are replayed.</summary>
    public ArchiveSelection Selection => new(
        Tenant, Stream, DateTimeOffset.FromUnixTimeMilliseconds(FromAt), DateTimeOffset.FromUnixTimeMilliseconds(ToAt));
}
