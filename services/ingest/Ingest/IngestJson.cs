using System.Text.Json.Serialization;
using Millrace.Ingest.Requests;

namespace Millrace.Ingest;

/// <summary>JSON that this service writes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(RejectedEvent))]
internal sealed partial class IngestJson : JsonSerializerContext;
