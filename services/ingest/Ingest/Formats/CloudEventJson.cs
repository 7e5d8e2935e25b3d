using System.Buffers;
using System.Text.Json;
using Millrace.Contracts.Errors;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>Reads one CloudEvent in the JSON event format (CloudEvents 1.0.2, JSON format, §3 and §4).</summary>
internal static class CloudEventJson
{
    /// <summary>Reads the object that the reader stands at the beginning of, up to its end or the first fault.</summary>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static bool Read(ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventDraft draft)
    {
        var depth = json.CurrentDepth;
        var present = EventFields.None;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!JsonFields.TryText(ref json, draft, "", draft.Scratch, out var name)) return false;
            var field = CloudEvents.FieldOf(name);
            if (field != EventFields.Extension && !draft.Once(field, CloudEvents.NameOf(field))) return false;
            json.Read();
            if (json.TokenType == JsonTokenType.Null) continue;
            present |= field;
            if (!ReadAttribute(ref json, body, draft, field, name, depth)) return false;
        }

        if ((present & (EventFields.Data | EventFields.DataBase64)) == (EventFields.Data | EventFields.DataBase64))
            return draft.Fail(ErrorCodes.InvalidCloudEvent, "data_base64", "The event has both 'data' and 'data_base64'. Send one of them.");
        return CloudEvents.CheckRequired(draft, present);
    }

    /// <summary>
    /// Reads <c>data</c>. Where it is an object, its members <c>dims</c>, <c>values</c> and <c>geo</c>, if they are objects, become those of
    /// the event; where it has any others, or none of these, the whole of it is kept as <c>data</c>.
    /// </summary>
    public static bool ReadData(ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventDraft draft, int depth)
    {
        if (json.TokenType != JsonTokenType.StartObject)
            return JsonFields.TrySkip(ref json, draft, depth, body, out var raw) && draft.SetData(raw);
        var start = (int)json.TokenStartIndex;
        var own = false;
        var lifted = false;
        draft.Prefix = "data.";
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = Liftable(ref json);
            json.Read();
            if (field != EventFields.None && json.TokenType == JsonTokenType.StartObject)
            {
                lifted = true;
                if (!ReadLifted(ref json, draft, field)) return false;
                continue;
            }

            own |= field == EventFields.None || json.TokenType != JsonTokenType.Null;
            if (!JsonFields.TrySkip(ref json, draft, depth, body, out _)) return false;
        }

        draft.Prefix = "";
        return (lifted && !own) || draft.SetData(body[start..(int)json.BytesConsumed]);
    }

    private static bool ReadAttribute(
        ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventDraft draft, EventFields field, scoped ReadOnlySpan<byte> name, int depth)
    {
        switch (field)
        {
            case EventFields.Data: return ReadData(ref json, body, draft, depth);
            case EventFields.DataBase64: return ReadBase64(ref json, body, draft);
            case EventFields.Time: return JsonFields.ReadTime(ref json, draft, allowNumber: false);
        }

        switch (json.TokenType)
        {
            case JsonTokenType.String:
                // A decoded name stands in the first scratch, so the value goes to the second.
                var label = field == EventFields.Extension ? "dims" : CloudEvents.NameOf(field);
                return JsonFields.TryText(ref json, draft, label, draft.SecondScratch, out var text) && CloudEvents.Set(draft, field, name, text);
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False when field == EventFields.Extension:
                return CloudEvents.Set(draft, field, name, json.ValueSpan);
            default:
                var shown = EventDraft.Show(name);
                return field == EventFields.Extension
                    ? draft.Fail(ErrorCodes.InvalidCloudEvent, shown, $"The attribute '{shown}' must be a string, a number or a boolean. Put structures into 'data'.")
                    : draft.WrongType(shown, "a string");
        }
    }

    private static EventFields Liftable(ref Utf8JsonReader json) =>
        JsonText.Is(json, "dims"u8) ? EventFields.Dims
        : JsonText.Is(json, "values"u8) ? EventFields.Values
        : JsonText.Is(json, "geo"u8) ? EventFields.Geo
        : EventFields.None;

    private static bool ReadLifted(ref Utf8JsonReader json, EventDraft draft, EventFields field) => field switch
    {
        EventFields.Dims => draft.Once(field, "dims") && JsonFields.ReadDims(ref json, draft),
        EventFields.Values => draft.Once(field, "values") && JsonFields.ReadValues(ref json, draft),
        _ => draft.Once(field, "geo") && JsonFields.ReadGeo(ref json, draft),
    };

    private static bool ReadBase64(ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventDraft draft)
    {
        if (json.TokenType != JsonTokenType.String) return draft.WrongType("data_base64", "a string");
        var raw = body[(int)json.TokenStartIndex..(int)json.BytesConsumed];
        if (!draft.CheckDataLength(raw.Length)) return false;
        if (!json.ValueIsEscaped) return CloudEvents.CheckBase64(draft, json.ValueSpan) && draft.SetData(raw);
        var decoded = ArrayPool<byte>.Shared.Rent(raw.Length);
        try
        {
            return JsonText.TryUnescape(json.ValueSpan, decoded, out var length)
                ? CloudEvents.CheckBase64(draft, decoded.AsSpan(0, length)) && draft.SetData(raw)
                : draft.HalfCharacter("data_base64", default);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded);
        }
    }
}
