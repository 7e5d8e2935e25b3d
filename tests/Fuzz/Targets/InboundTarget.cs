using System.Text;
using Google.Protobuf;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.Ingest.Events;
using Millrace.Ingest.Inbound;
using EventBatch = Millrace.Ingest.Events.EventBatch;

namespace Millrace.Fuzz.Targets;

/// <summary>Records of a topic of other programs: whatever stands there must be judged, or the topic stops at it for good.</summary>
internal sealed class InboundTarget : EventTarget
{
    private static readonly string[] Types =
    [
        "application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-protobuf", "text/plain",
        "application/json; charset=latin1", "application/json;charset=\"utf-8\"", "APPLICATION/JSON", "json", "a/b/c", "\u00ff", "",
    ];

    public override string Name => "inbound";

    public override byte[] Make(Source source)
    {
        if (source.Once(4)) return Mutator.Damage(HeadersAndBody.CloudEvent(source, source.Of(["ce_", "ce-", "CE_"])), source, EventMaker.Words);
        var body = source.Below(3) switch
        {
            0 => new Contracts.Protos.EventBatch { Events = { new Event { Stream = source.Word(3), Id = source.Word(4) } } }.ToByteArray(),
            1 => Encoding.UTF8.GetBytes(EventMaker.CloudEvent(source)),
            _ => Encoding.UTF8.GetBytes(EventMaker.Json(source)),
        };
        var headers = new List<(string, string)> { ("content-type", source.Once(20) ? new string('x', 5000) : source.Of(Types)) };
        if (source.Once(4)) headers.Add(("traceparent", source.Of(["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0-0-0", "", "ff-" + source.Word(50)])));
        var input = HeadersAndBody.Write(headers, body);
        return source.Once(2) ? input : Mutator.Damage(input, source, EventMaker.Words);
    }

    protected override bool InBody => false;

    protected override ReadOutcome Read(byte[] input, EventBatch batch)
    {
        var record = HeadersAndBody.Of(input);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in record.Headers) headers[name] = value;
        RecordHeaders.Trace(headers);
        RecordJudge.Read(headers, record.Body, batch);
        return ReadOutcome.Judged;
    }

    protected override void CheckAccepted(byte[] input, EventBatch batch)
    {
        foreach (var record in batch.Records.Span)
        {
            var e = Event.Parser.ParseFrom(record.Value.Span);
            Require.That(SlowRules.IsStream(e.Stream) && e.Tenant == Tenant, "a bad stream or another tenant is accepted");
            ExpectedEvent.InPlace(record.Value.Span, e);
        }
    }
}
