using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using EventBatch = Millrace.Ingest.Events.EventBatch;

namespace Millrace.Fuzz.Targets;

/// <summary>One CloudEvent in binary mode: attributes in headers. A refused one must be restated in structured mode as JSON that can be read again.</summary>
internal sealed class CloudEventBinaryTarget : EventTarget
{
    private static readonly byte[][] Words = [.. new[] { "ce-id: x\n", "ce-", "\n\n", ": ", "%C3", "\"", "content-type: text/plain\n" }.Select(Encoding.Latin1.GetBytes)];

    public override string Name => "cloudevent-binary";

    public override byte[] Make(Source source)
    {
        var input = HeadersAndBody.CloudEvent(source, "ce-");
        return source.Once(2) ? input : Mutator.Damage(input, source, Words);
    }

    protected override bool InBody => false;

    protected override ReadOutcome Read(byte[] input, EventBatch batch)
    {
        var request = HeadersAndBody.Of(input);
        var headers = new HeaderDictionary();
        // A server refuses a header without a name, and gives those of one name together.
        foreach (var header in request.Headers.Where(header => header.Key.Length > 0).GroupBy(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase))
            headers[header.Key] = header.ToArray();
        return CloudEventHeaders.Read(headers, headers["content-type"], request.Body, batch);
    }

    protected override void CheckAccepted(byte[] input, EventBatch batch)
    {
        Require.Same(1, batch.Total, "the number of events");
        if (batch.Rejections.Count > 0)
        {
            using var restated = JsonDocument.Parse(batch.Rejections[0].Restated ?? throw new FindingException("a refused event is not restated"));
            Require.Same(JsonValueKind.Object, restated.RootElement.ValueKind, "the restated event");
            return;
        }

        var e = Event.Parser.ParseFrom(batch.Records.Span[0].Value.Span);
        Require.That(SlowRules.IsName(e.Id) && SlowRules.IsName(e.Source) && SlowRules.IsName(e.Type) && SlowRules.IsStream(e.Stream), "a bad name is accepted");
        Require.That(SlowRules.IsNear(e.TimeMs, EventMaker.Now), "an event of another time is accepted");
        Require.That(e.Dims.Count <= 32 && e.Dims.All(dim => SlowRules.IsFieldName(dim.Key) && SlowRules.IsDimValue(dim.Value)), "bad dims are accepted");
        Require.Same(Tenant, e.Tenant, "the tenant");
        if (!e.Data.IsEmpty) JsonDocument.Parse(e.Data.Memory, new JsonDocumentOptions { MaxDepth = 64 }).Dispose();
        ExpectedEvent.InPlace(batch.Records.Span[0].Value.Span, e);
    }
}
