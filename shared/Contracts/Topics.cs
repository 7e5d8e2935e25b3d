namespace Millrace.Contracts;

/// <summary>Names of the topics, the same on every event log.</summary>
public static class Topics
{
    /// <summary>Events of external Kafka producers, not yet validated.</summary>
    public const string Inbound = "millrace.inbound";

    /// <summary>Validated events. Key: <see cref="Events.PartitionKey"/>; value: <see cref="Protos.Event"/>.</summary>
    public const string Events = "millrace.events";

    /// <summary>Refused events. Key: tenant; value: <see cref="Protos.DeadLetter"/>.</summary>
    public const string DeadLetter = "millrace.dead-letter";

    /// <summary>
    /// Windows, live and final. Key: <see cref="Contracts.Events.PartitionKey"/> of the stream, so that a stream's windows share a partition;
    /// value: <see cref="Protos.Window"/>.
    /// </summary>
    public const string Windows = "millrace.windows";

    /// <summary>Events that came after the allowed lateness, as they stand on <see cref="Events"/>; header <c>origin</c> = partition:offset there.</summary>
    public const string Late = "millrace.late";

    /// <summary>Alert changes. Key: tenant '/' alert id; value: <see cref="Protos.AlertChange"/>.</summary>
    public const string Alerts = "millrace.alerts";

    /// <summary>
    /// What clients and the server API publish into channels, and orders that reach the connections of every gateway. Key: the channel, or tenant '/' user; value:
    /// <see cref="Protos.ChannelRecord"/>.
    /// </summary>
    public const string Publications = "millrace.publications";

    /// <summary>What each gateway says of itself and of who listens, for as long as its lease. Key: the gateway; value: <see cref="Protos.PresenceRecord"/>.</summary>
    public const string Presence = "millrace.presence";
}

/// <summary>Names of record headers.</summary>
public static class Headers
{
    /// <summary>W3C trace context.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>Position in the source topic, <c>partition:offset</c>.</summary>
    public const string Origin = "origin";

    /// <summary>Where a dead letter came from, <c>topic/partition/offset#index</c>, when an external producer put it on a topic.</summary>
    public const string Inbound = "inbound";

    /// <summary>Id of the dead letter that an event was before it was sent again.</summary>
    public const string Redrive = "redrive";
}
