using System.Text;
using System.Text.Json;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;

namespace Millrace.Fuzz.Targets;

/// <summary>One CloudEvent in structured mode.</summary>
internal sealed class CloudEventTarget : EventTarget
{
    public override string Name => "cloudevent";

    public override byte[] Make(Source source)
    {
        var body = Encoding.UTF8.GetBytes(EventMaker.CloudEvent(source));
        return source.Once(2) ? body : Mutator.Damage(body, source, EventMaker.Words, Encoding.UTF8.GetBytes(EventMaker.CloudEvent(source)));
    }

    protected override ReadOutcome Read(byte[] input, EventBatch batch) => Body.Read(BodyFormat.CloudEvent, input, batch);

    protected override void CheckAccepted(byte[] input, EventBatch batch)
    {
        using var document = JsonTarget.Parse(input);
        Compare([document is null ? null : SlowCloudEvent.Read(document.RootElement, EventMaker.Now)], batch);
    }
}

/// <summary>An array of CloudEvents.</summary>
internal sealed class CloudEventBatchTarget : EventTarget
{
    public override string Name => "cloudevent-batch";

    public override byte[] Make(Source source)
    {
        var events = new List<string>();
        for (var count = source.Once(20) ? MaxEvents + source.Between(-1, 1) : source.Below(4); count > 0; count--) events.Add(EventMaker.CloudEvent(source));
        var body = Encoding.UTF8.GetBytes("[" + string.Join(",", events) + "]");
        return source.Once(2) ? body : Mutator.Damage(body, source, EventMaker.Words);
    }

    protected override ReadOutcome Read(byte[] input, EventBatch batch) => Body.Read(BodyFormat.CloudEventBatch, input, batch);

    protected override void CheckAccepted(byte[] input, EventBatch batch)
    {
        using var document = JsonTarget.Parse(input);
        if (document is null) Require.That(batch.Rejections.Count > 0, "not JSON, and nothing is refused");
        else if (document.RootElement.ValueKind != JsonValueKind.Array) Require.That(batch.Records.Length == 0, "not an array, and something is accepted");
        else Compare([.. document.RootElement.EnumerateArray().Select(element => SlowCloudEvent.Read(element, EventMaker.Now))], batch);
    }
}
