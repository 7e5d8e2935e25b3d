using Millrace.Contracts.Events;

namespace Millrace.Ingest.Events;

/// <summary>What all events of a request share.</summary>
/// <param name="Tenant">From the credential.</param>
/// <param name="ReceivedAtMs">When the request had arrived whole.</param>
/// <param name="DefaultStream">From <c>?stream=</c>: for events that name none.</param>
/// <param name="MaxAge">How far back an event's time may lie.</param>
/// <param name="MaxAhead">How far ahead an event's time may lie.</param>
/// <param name="Headers">Headers of every record, one instance.</param>
/// <param name="MaxEvents">More than these are too many.</param>
/// <param name="IdSeed">Where the ids of events that name none are to follow from the request: a hash of what tells it from all others.</param>
/// <param name="DefaultTimeMs">Time of events that name none; absent: that of the receipt.</param>
internal sealed record RequestFrame(
    string Tenant,
    long ReceivedAtMs,
    string? DefaultStream,
    TimeSpan MaxAge,
    TimeSpan MaxAhead,
    IReadOnlyDictionary<string, string>? Headers = null,
    int MaxEvents = EventLimits.RequestEvents,
    UInt128? IdSeed = null,
    long? DefaultTimeMs = null);
