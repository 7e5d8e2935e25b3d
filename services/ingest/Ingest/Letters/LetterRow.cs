namespace Millrace.Ingest.Letters;

/// <summary>A refused event as the database has it, without its bytes.</summary>
internal class LetterRow
{
    /// <summary>The columns, named as the properties here; the table is to be called <c>l</c>.</summary>
    public const string Columns = """
        l.id AS Id, l.tenant AS Tenant, l.at AS At, l.status AS Status, l.code AS Code, l.field AS Field, l.message AS Message, l.stream AS Stream,
        l.default_stream AS DefaultStream, l.event_id AS EventId, l.content_type AS ContentType, l.event_index AS EventIndex, l.origin AS Origin,
        l.part AS Part, l.log_offset AS LogOffset, l.original_bytes AS OriginalBytes, l.kept_bytes AS KeptBytes, l.attempts AS Attempts,
        l.redrive_id AS RedriveId, l.attempted_at AS AttemptedAt, l.edited AS Edited, l.last_code AS LastCode, l.last_field AS LastField,
        l.last_message AS LastMessage
        """;

    public string Id { get; init; } = "";

    public string Tenant { get; init; } = "";

    /// <summary>When ingest had received it.</summary>
    public long At { get; init; }

    public long Status { get; init; }

    public string Code { get; init; } = "";

    public string Field { get; init; } = "";

    public string Message { get; init; } = "";

    /// <summary>The stream that the event names, where that can be read; else that of its request; or empty.</summary>
    public string Stream { get; init; } = "";

    /// <summary>The stream of its request, or empty.</summary>
    public string DefaultStream { get; init; } = "";

    public string EventId { get; init; } = "";

    public string ContentType { get; init; } = "";

    public long EventIndex { get; init; }

    /// <summary>Empty for HTTP, else <c>topic/partition/offset#index</c>.</summary>
    public string Origin { get; init; } = "";

    public long Part { get; init; }

    public long LogOffset { get; init; }

    public long OriginalBytes { get; init; }

    public long KeptBytes { get; init; }

    public long Attempts { get; init; }

    public string? RedriveId { get; init; }

    public long? AttemptedAt { get; init; }

    public long Edited { get; init; }

    public string? LastCode { get; init; }

    public string? LastField { get; init; }

    public string? LastMessage { get; init; }

    /// <summary>The bytes that are kept, or the first of them.</summary>
    public byte[] Original { get; init; } = [];
}
