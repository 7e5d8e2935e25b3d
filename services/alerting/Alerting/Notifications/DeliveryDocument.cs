namespace Millrace.Alerting.Notifications;

/// <summary>A delivery as the API shows it.</summary>
internal sealed record DeliveryDocument
{
    public required string Id { get; init; }

    public required string AlertId { get; init; }

    public required string RuleId { get; init; }

    public required string ReceiverId { get; init; }

    public required string Channel { get; init; }

    public required string Event { get; init; }

    public required string State { get; init; }

    public required int Attempts { get; init; }

    public string? NextAttemptAt { get; init; }

    public string? LastError { get; init; }

    public required string CreatedAt { get; init; }

    public required string UpdatedAt { get; init; }

    public string? DeliveredAt { get; init; }

    /// <summary>Every attempt; only where one delivery is asked for.</summary>
    public IReadOnlyList<AttemptDocument>? AttemptLog { get; init; }

    public static DeliveryDocument From(DeliveryRow row) => new()
    {
        Id = row.Id,
        AlertId = row.AlertId,
        RuleId = row.RuleId,
        ReceiverId = row.ReceiverId,
        Channel = row.Channel,
        Event = row.Event,
        State = NameOf(row.DeliveryState),
        Attempts = row.Attempts,
        NextAttemptAt = row.DeliveryState == DeliveryState.Pending ? Instant.FormatOrNull(row.NextAttemptAt) : null,
        LastError = row.LastError,
        CreatedAt = Instant.Format(row.CreatedAt),
        UpdatedAt = Instant.Format(row.UpdatedAt),
        DeliveredAt = Instant.FormatOrNull(row.DeliveredAt),
    };

    /// <summary>A state by its name; <see langword="false"/> when there is no such.</summary>
    public static bool TryParseState(string name, out DeliveryState state)
    {
        foreach (var candidate in Enum.GetValues<DeliveryState>())
        {
            state = candidate;
            if (NameOf(candidate) == name) return true;
        }
        state = default;
        return false;
    }

    private static string NameOf(DeliveryState state) => state switch
    {
        DeliveryState.Pending => "pending",
        DeliveryState.Sending => "sending",
        DeliveryState.Delivered => "delivered",
        _ => "failed",
    };
}

/// <summary>One attempt of a delivery.</summary>
internal sealed record AttemptDocument
{
    public required int Attempt { get; init; }

    public required string At { get; init; }

    public required long DurationMs { get; init; }

    public required string Outcome { get; init; }

    public required string Detail { get; init; }
}
