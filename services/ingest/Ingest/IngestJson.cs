using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Ingest.Letters;
using Millrace.Ingest.Letters.Redrives;
using Millrace.Ingest.Requests;

namespace Millrace.Ingest;

/// <summary>JSON that this service writes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(RejectedEvent))]
[JsonSerializable(typeof(LetterPage))]
[JsonSerializable(typeof(LetterDocument))]
[JsonSerializable(typeof(RedrivePage))]
[JsonSerializable(typeof(RedriveDocument))]
internal sealed partial class IngestJson : JsonSerializerContext
{
    /// <summary>Escapes only what JSON must, so that people can read what producers sent. It is never put into a page.</summary>
    public static IngestJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
