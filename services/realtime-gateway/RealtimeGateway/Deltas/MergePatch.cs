using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.RealtimeGateway.Deltas;

/// <summary>
/// JSON merge patches (RFC 7396): an object with what is new or other, and <c>null</c> for what is gone. A field that is <c>null</c> cannot be told from one that is
/// gone; lists are replaced as a whole.
/// </summary>
internal static class MergePatch
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The patch that makes one object of another.</summary>
    /// <param name="source">What the client has: an object.</param>
    /// <param name="target">What it is to have: an object.</param>
    public static byte[] Make(byte[] source, byte[] target)
    {
        using var before = JsonDocument.Parse(source);
        using var after = JsonDocument.Parse(target);
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, Options)) Write(json, before.RootElement, after.RootElement);
        return output.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, JsonElement before, JsonElement after)
    {
        json.WriteStartObject();
        foreach (var field in after.EnumerateObject())
        {
            var known = before.TryGetProperty(field.Name, out var old);
            if (known && JsonElement.DeepEquals(old, field.Value)) continue;
            // Null says that there is nothing: so it was, or so it will be.
            if (field.Value.ValueKind == JsonValueKind.Null && (!known || old.ValueKind == JsonValueKind.Null)) continue;
            json.WritePropertyName(field.Name);
            if (known && old.ValueKind == JsonValueKind.Object && field.Value.ValueKind == JsonValueKind.Object) Write(json, old, field.Value);
            else field.Value.WriteTo(json);
        }

        foreach (var field in before.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Null && !after.TryGetProperty(field.Name, out _)) json.WriteNull(field.Name);
        }

        json.WriteEndObject();
    }
}
