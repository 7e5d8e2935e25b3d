using System.Text;
using System.Text.Json;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;

namespace Millrace.Fuzz.Targets;

/// <summary>JSON bodies: one event or an array of them.</summary>
internal sealed class JsonTarget : EventTarget
{
    private static readonly JsonDocumentOptions _options = new() { MaxDepth = 1000 };

    public override string Name => "json";

    public override byte[] Make(Source source)
    {
        var body = Encoding.UTF8.GetBytes(Document(source));
        return source.Once(2) ? body : Mutator.Damage(body, source, EventMaker.Words, Encoding.UTF8.GetBytes(EventMaker.Json(source)));
    }

    /// <summary>The document of some bytes, or nothing when they are not JSON.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes.Span)) return null;
        try
        {
            return JsonDocument.Parse(bytes, _options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    protected override ReadOutcome Read(byte[] input, EventBatch batch) => Ingest.Formats.Body.Read(BodyFormat.Json, input, batch);

    protected override void CheckAccepted(byte[] input, EventBatch batch)
    {
        using var document = Parse(input);
        if (document is null)
        {
            Engine.Require.That(batch.Rejections.Count > 0, "not JSON, and nothing is refused");
            return;
        }

        var root = document.RootElement;
        IEnumerable<JsonElement> elements = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : [root];
        Compare([.. elements.Select(element => SlowJsonEvent.Read(element, EventMaker.Now))], batch);
    }

    private static string Document(Source source)
    {
        if (!source.Once(4)) return JsonMaker.Space(source) + EventMaker.Json(source) + JsonMaker.Space(source);
        var events = new List<string>();
        for (var count = source.Once(20) ? MaxEvents + source.Between(-1, 1) : source.Below(4); count > 0; count--)
            events.Add(source.Once(30) ? JsonMaker.Any(source) : EventMaker.Json(source));
        return "[" + string.Join(JsonMaker.Space(source) + ",", events) + "]";
    }
}
