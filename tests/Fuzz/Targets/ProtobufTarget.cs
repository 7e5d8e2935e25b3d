using Google.Protobuf;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using EventBatch = Millrace.Ingest.Events.EventBatch;

namespace Millrace.Fuzz.Targets;

/// <summary>Batches in Protobuf: the service reads them by its own reader, and copies most of the bytes to the log as they are.</summary>
internal sealed class ProtobufTarget : EventTarget
{
    private static readonly byte[][] Words = [[0x0A], [0x12], [0x3A, 0], [0x42, 9, 0x11], [0x4A, 0], [0x52, 1, (byte)'0'], [0x5A, 1, (byte)'x'], [0x30, 1], [0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], [0x0B], [0x0C], [0x0D, 1, 2, 3, 4], [0x82, 0x80, 0x80, 0x80, 0x10, 0]];

    public override string Name => "protobuf";

    public override byte[] Make(Source source)
    {
        var batch = new Contracts.Protos.EventBatch();
        for (var count = source.Once(20) ? MaxEvents + source.Between(-1, 1) : source.Below(4); count > 0; count--) batch.Events.Add(Event(source));
        var body = batch.ToByteArray();
        return source.Once(2) ? body : Mutator.Damage(body, source, Words, Event(source).ToByteArray());
    }

    protected override ReadOutcome Read(byte[] input, EventBatch batch) => Body.Read(BodyFormat.Protobuf, input, batch);

    protected override void CheckAccepted(byte[] input, EventBatch batch)
    {
        if (batch.Records.Length == 0) return;
        // Where the body is damaged from some event on, the ones before it count, and Google's library reads none of it.
        var end = batch.Rejections.Count > 0 && batch.Rejections[^1] is { Index: var index } last && index == batch.Total - 1 && last.Fault.Message.StartsWith("From byte", StringComparison.Ordinal) ? last.Start : input.Length;
        Contracts.Protos.EventBatch sent;
        try
        {
            sent = Contracts.Protos.EventBatch.Parser.ParseFrom(input, 0, end);
        }
        catch (InvalidProtocolBufferException)
        {
            // Refused events may be what it can't read.
            Require.That(batch.Rejections.Count > 0, "Google's library can't read it, and nothing is refused");
            return;
        }

        var refused = batch.Rejections.Select(rejection => rejection.Index).ToHashSet();
        if (sent.Events.Count != batch.Total) return;
        var next = 0;
        for (var i = 0; i < batch.Total; i++)
        {
            if (refused.Contains(i)) continue;
            var record = batch.Records.Span[next++];
            Expect(sent.Events[i]).Check(record.Key.Span, record.Value.Span, Tenant, Stream, EventMaker.Now);
        }
    }

    private static ExpectedEvent Expect(Event sent)
    {
        var expected = new ExpectedEvent
        {
            Id = sent.Id.Length > 0 ? sent.Id : null,
            Source = sent.Source,
            Stream = sent.Stream.Length > 0 ? sent.Stream : null,
            Type = sent.Type.Length > 0 ? sent.Type : "event",
            TimeMs = sent.TimeMs != 0 ? sent.TimeMs : null,
            Geo = sent.Geo is { } geo ? (geo.Lat, geo.Lon) : null,
            Data = sent.Data.ToByteArray(),
        };
        Require.That(expected.TimeMs is not { } ms || SlowRules.IsNear(ms, EventMaker.Now), "an event of another time is accepted");
        Require.That(expected.Stream is null || SlowRules.IsStream(expected.Stream), "a bad stream is accepted");
        foreach (var (name, text) in sent.Dims) expected.Dims.Add(name, text);
        foreach (var (name, number) in sent.Values)
        {
            Require.That(double.IsFinite(number), "a value that is not finite is accepted");
            expected.Values.Add(name, number);
        }

        return expected;
    }

    private static Event Event(Source source)
    {
        var e = new Event { TimeMs = source.Once(3) ? 0 : source.Once(20) ? (long)source.Bits() : EventMaker.Now - source.Below(500_000_000) };
        if (source.Once(2)) e.Id = Text(source, 128);
        if (source.Once(3)) e.Source = Text(source, 128);
        if (source.Once(2)) e.Stream = source.Once(20) ? Text(source, 64) : source.Word(source.Between(1, 64));
        if (source.Once(2)) e.Type = Text(source, 128);
        if (source.Once(20)) e.Tenant = "other";
        if (source.Once(20)) e.ReceivedAtMs = 1;
        for (var count = source.Once(20) ? 33 : source.Below(4); count > 0; count--) e.Dims[source.Once(3) ? Text(source, 64) : source.Word(4)] = Text(source, 256);
        for (var count = source.Once(20) ? 65 : source.Below(4); count > 0; count--)
            e.Values[source.Once(3) ? Text(source, 64) : source.Word(4)] = source.Once(4) ? BitConverter.UInt64BitsToDouble(source.Bits()) : source.Below(1000) / 8.0;
        if (source.Once(3)) e.Geo = new GeoPoint { Lat = source.Once(10) ? double.NaN : source.Between(-90, 90), Lon = source.Between(-180, 180) };
        if (source.Once(3)) e.Data = source.Once(20) ? ByteString.CopyFrom(source.Bytes(source.Below(20))) : ByteString.CopyFromUtf8(JsonMaker.Any(source));
        return e;
    }

    private static string Text(Source source, int limit)
    {
        var text = new System.Text.StringBuilder();
        for (var length = source.Length(limit); length > 0; length--) text.Append(source.Of(["a", "Z", " ", "é", "中", "😀", "\u007f", source.Once(40) ? "\0" : "_"]));
        return text.ToString();
    }
}
