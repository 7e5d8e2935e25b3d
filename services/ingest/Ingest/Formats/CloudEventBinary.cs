using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>
/// Reads a CloudEvent in binary mode, whose attributes came beside its data. Data that is not JSON is kept as the JSON format would have it:
/// text as a string, anything else as a string of base64.
/// </summary>
internal static class CloudEventBinary
{
    private const byte Controls = 0x1F;

    private static readonly JsonReaderOptions _options = new() { MaxDepth = JsonFields.ReaderDepth };

    /// <summary>Reads the event.</summary>
    /// <param name="attributes">All attributes by name, whether good or not: a dead letter shows all of them.</param>
    /// <param name="contentType">Type of the data.</param>
    /// <param name="body">The data.</param>
    /// <param name="batch">Open; receives the event.</param>
    public static ReadOutcome Read(SortedDictionary<string, byte[]> attributes, string? contentType, ReadOnlySpan<byte> body, EventBatch batch)
    {
        if (body.Length > EventLimits.EventBytes) return ReadOutcome.EventTooLarge;
        var draft = batch.Draft;
        draft.Begin();
        if (SetAttributes(draft, attributes) && ReadData(contentType, body, draft) && batch.TryAccept()) return ReadOutcome.Judged;
        var id = attributes.TryGetValue("id", out var bytes) ? EventBatch.AsId(bytes) : null;
        batch.Reject(draft.Fault!, id, 0, body.Length, Structured(attributes, contentType, body));
        return ReadOutcome.Judged;
    }

    private static bool SetAttributes(EventDraft draft, SortedDictionary<string, byte[]> attributes)
    {
        var present = EventFields.None;
        var good = true;
        foreach (var (name, text) in attributes)
        {
            var nameBytes = Encoding.UTF8.GetBytes(name);
            var field = CloudEvents.FieldOf(nameBytes);
            if (field is EventFields.Data or EventFields.DataBase64 or EventFields.DataContentType) field = EventFields.Extension;
            present |= field;
            var controls = field is EventFields.Extension or EventFields.Subject or EventFields.DataSchema ? (byte)0 : Controls;
            var shown = EventDraft.Show(nameBytes);
            good = good && (Utf8.IsValid(text) || draft.NotUtf8(shown, default)) && draft.CheckControls(shown, default, text, controls)
                && CloudEvents.Set(draft, field, nameBytes, text);
        }

        return good && CloudEvents.CheckRequired(draft, present);
    }

    private static bool ReadData(string? contentType, ReadOnlySpan<byte> body, EventDraft draft)
    {
        var type = Encoding.UTF8.GetBytes(contentType ?? "");
        if (MediaTypes.IsJson(type)) return body.IsEmpty || ReadJson(body, draft);
        if (type.Length > 0 && !(draft.CheckControls("datacontenttype", default, type, Controls) && draft.AddDim("datacontenttype"u8, type))) return false;
        if (body.IsEmpty) return true;
        if (!MediaTypes.IsText(type)) return draft.SetData(Encoding.UTF8.GetBytes("\"" + Convert.ToBase64String(body) + "\""));
        return Utf8.IsValid(body)
            ? draft.SetData(JsonSerializer.SerializeToUtf8Bytes(Encoding.UTF8.GetString(body), IngestJson.Default.String))
            : draft.NotUtf8("data", default);
    }

    private static bool ReadJson(ReadOnlySpan<byte> body, EventDraft draft)
    {
        if (!Utf8.IsValid(body)) return draft.NotUtf8("data", default);
        var json = new Utf8JsonReader(body, _options);
        try
        {
            json.Read();
            // The data is one level inside the event.
            return CloudEventJson.ReadData(ref json, body, draft, -1) && !json.Read();
        }
        catch (JsonException e)
        {
            draft.Prefix = "";
            var fault = JsonDiagnosis.Malformed(e, " The body must be JSON, as its content type says.");
            return draft.Fail(fault.Code, "data", fault.Message);
        }
    }

    /// <summary>The event in structured mode, so that a dead letter holds its attributes too and can be sent again.</summary>
    private static byte[] Structured(SortedDictionary<string, byte[]> attributes, string? contentType, ReadOnlySpan<byte> body)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var (name, value) in attributes) json.WriteString(name, Encoding.UTF8.GetString(value));
            if (!string.IsNullOrEmpty(contentType)) json.WriteString("datacontenttype", contentType);
            if (!body.IsEmpty) json.WriteBase64String("data_base64", body);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
