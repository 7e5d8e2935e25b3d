using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>Reads a body of any format but the binary mode of CloudEvents, whose attributes are not in the body.</summary>
internal static class Body
{
    /// <summary>Reads it, judging each event for itself.</summary>
    /// <param name="format">What it is.</param>
    /// <param name="body">The whole of it, decompressed.</param>
    /// <param name="batch">Open; receives the events.</param>
    public static ReadOutcome Read(BodyFormat format, ReadOnlySpan<byte> body, EventBatch batch) => format switch
    {
        BodyFormat.Json => JsonFormat.ReadDocument(body, batch, JsonFormat.Shape.Object | JsonFormat.Shape.Array, cloudEvents: false),
        BodyFormat.Ndjson => JsonFormat.ReadLines(body, batch),
        BodyFormat.CloudEvent => JsonFormat.ReadDocument(body, batch, JsonFormat.Shape.Object, cloudEvents: true),
        BodyFormat.CloudEventBatch => JsonFormat.ReadDocument(body, batch, JsonFormat.Shape.Array, cloudEvents: true),
        BodyFormat.Protobuf => ProtobufFormat.Read(body, batch),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a format that stands in a body."),
    };
}
