using Google.Protobuf;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Tests;

/// <summary>Events as ingest puts them on the log.</summary>
internal static class TestEvents
{
    /// <summary>2026-07-01T10:00:00Z, a Wednesday.</summary>
    public const long Noon = 1_782_900_000_000;

    public static Event Of(string id, string stream = "shop", string type = "purchase", long timeMs = Noon, string tenant = "acme", double? amount = null)
    {
        var e = new Event { Id = id, Stream = stream, Type = type, TimeMs = timeMs, ReceivedAtMs = timeMs + 7, Tenant = tenant };
        if (amount is { } value) e.Values.Add("amount", value);
        return e;
    }

    public static LogRecord Record(Event e) => new(PartitionKey.Create(e.Tenant, e.Stream), e.ToByteArray());

    public static LogEntry Entry(Event e, long offset = 0, long appendedAtMs = Noon) =>
        new(offset, appendedAtMs, PartitionKey.Create(e.Tenant, e.Stream), e.ToByteArray(), null);
}
