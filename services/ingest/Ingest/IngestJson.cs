using System.Text.Json.Serialization;

namespace Millrace.Ingest;

/// <summary>JSON that this service writes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
internal sealed partial class IngestJson : JsonSerializerContext;
