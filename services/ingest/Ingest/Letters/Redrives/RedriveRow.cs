namespace Millrace.Ingest.Letters.Redrives;

/// <summary>Where a redrive stands.</summary>
internal enum RedriveState
{
    /// <summary>Nobody has begun it.</summary>
    Queued = 0,

    /// <summary>An instance runs it, or did until it died.</summary>
    Running = 1,

    /// <summary>Every letter that it meant has been judged again.</summary>
    Done = 2,

    /// <summary>It was stopped; what was judged until then stands.</summary>
    Cancelled = 3,
}

/// <summary>A redrive as the database has it.</summary>
internal sealed class RedriveRow
{
    /// <summary>The columns, named as the properties here.</summary>
    public const string Columns = """
        id AS Id, tenant AS Tenant, actor AS Actor, request_hash AS RequestHash, kind AS Kind, code AS Code, stream AS Stream, from_at AS FromAt,
        to_at AS ToAt, ids AS Ids, default_stream AS DefaultStream, replacement AS Replacement, replacement_type AS ReplacementType,
        newest_at AS NewestAt, state AS State, cancelled AS Cancelled, total AS Total, redriven AS Redriven, refused AS Refused, skipped AS Skipped,
        events AS Events, cursor_at AS CursorAt, cursor_id AS CursorId, judged_at AS JudgedAt, log_epoch AS LogEpoch, log_ends AS LogEnds,
        error AS Error, created_at AS CreatedAt, updated_at AS UpdatedAt, finished_at AS FinishedAt
        """;

    public string Id { get; init; } = "";

    public string Tenant { get; init; } = "";

    public string Actor { get; init; } = "";

    public string RequestHash { get; init; } = "";

    /// <summary><c>all</c>, <c>filter</c>, <c>ids</c> or <c>edited</c>.</summary>
    public string Kind { get; init; } = "";

    public string? Code { get; init; }

    public string? Stream { get; init; }

    public long? FromAt { get; init; }

    public long? ToAt { get; init; }

    /// <summary>The ids that were named, separated by spaces.</summary>
    public string? Ids { get; init; }

    /// <summary>The stream of events that name none, in place of that of their request.</summary>
    public string? DefaultStream { get; init; }

    /// <summary>What is to be judged instead of the original.</summary>
    public byte[]? Replacement { get; init; }

    public string? ReplacementType { get; init; }

    /// <summary>Letters received later are not meant.</summary>
    public long NewestAt { get; init; }

    public long State { get; init; }

    public long Cancelled { get; init; }

    public long Total { get; init; }

    public long Redriven { get; init; }

    public long Refused { get; init; }

    public long Skipped { get; init; }

    public long Events { get; init; }

    public long CursorAt { get; init; }

    public string CursorId { get; init; } = "";

    /// <summary>When the letters in hand were taken: they are judged as if received then, however often.</summary>
    public long JudgedAt { get; init; }

    /// <summary>Epoch of <c>millrace.events</c> when the letters in hand were taken.</summary>
    public string LogEpoch { get; init; } = "";

    /// <summary>Ends of its partitions at that time, separated by spaces: what the letters became stands behind them.</summary>
    public string LogEnds { get; init; } = "";

    public string? Error { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long? FinishedAt { get; init; }
}
