namespace Millrace.Alerting.Notifications;

/// <summary>A delivery as the database has it.</summary>
internal sealed class DeliveryRow
{
    /// <summary>The columns, named as the properties here.</summary>
    public const string Columns = """
        id AS Id, tenant AS Tenant, alert_id AS AlertId, alert_revision AS AlertRevision, rule_id AS RuleId, receiver_id AS ReceiverId,
        channel AS Channel, event AS Event, payload AS Payload, state AS State, attempts AS Attempts, next_attempt_at AS NextAttemptAt,
        last_error AS LastError, created_at AS CreatedAt, updated_at AS UpdatedAt, delivered_at AS DeliveredAt
        """;

    public string Id { get; init; } = "";

    public string Tenant { get; init; } = "";

    public string AlertId { get; init; } = "";

    public long AlertRevision { get; init; }

    public string RuleId { get; init; } = "";

    public string ReceiverId { get; init; } = "";

    public string Channel { get; init; } = "";

    public string Event { get; init; } = "";

    public string Payload { get; init; } = "";

    public int State { get; init; }

    public int Attempts { get; init; }

    public long? NextAttemptAt { get; init; }

    public string? LastError { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long? DeliveredAt { get; init; }

    public DeliveryState DeliveryState => (DeliveryState)State;
}
