using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.RealtimeGateway.Http;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway;

/// <summary>JSON of this project's small documents: snake_case, times as RFC 3339 in UTC with milliseconds.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(TimeConverter)])]
[JsonSerializable(typeof(DegradedNote))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(Page<KeyAnswer>))]
[JsonSerializable(typeof(Page<ConnectionAnswer>))]
[JsonSerializable(typeof(MeAnswer))]
[JsonSerializable(typeof(Page<StreamAnswer>))]
[JsonSerializable(typeof(LedgerAnswer))]
[JsonSerializable(typeof(Page<IncidentAnswer>))]
internal sealed partial class GatewayJson : JsonSerializerContext
{
    /// <summary>Times as the whole API writes them.</summary>
    internal sealed class TimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }
}
