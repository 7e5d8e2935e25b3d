using System.Text;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;

namespace Millrace.Fuzz.Targets;

/// <summary>One event a line: a bad line must not harm its neighbours.</summary>
internal sealed class NdjsonTarget : EventTarget
{
    public override string Name => "ndjson";

    public override byte[] Make(Source source)
    {
        var lines = new StringBuilder();
        for (var count = source.Once(20) ? MaxEvents + source.Between(-1, 1) : source.Below(6); count > 0; count--)
            lines.Append(EventMaker.Json(source).ReplaceLineEndings(" ")).Append(source.Of(["\n", "\n", "\n", "\r\n", "\n\n", " \n \n", ""]));
        var body = Encoding.UTF8.GetBytes(lines.ToString());
        return source.Once(2) ? body : Mutator.Damage(body, source, EventMaker.Words);
    }

    protected override ReadOutcome Read(byte[] input, EventBatch batch) => Body.Read(BodyFormat.Ndjson, input, batch);

    protected override void CheckAccepted(byte[] input, EventBatch batch)
    {
        var expected = new List<ExpectedEvent?>();
        foreach (var range in input.AsSpan().Split((byte)'\n'))
        {
            if (input.AsSpan(range).IndexOfAnyExcept(" \t\r"u8) < 0) continue;
            using var document = JsonTarget.Parse(input.AsMemory(range));
            expected.Add(document is null ? null : SlowJsonEvent.Read(document.RootElement, EventMaker.Now));
        }

        Compare(expected, batch);
    }
}
