using System.Text.Json;
using Millrace.Contracts.Errors;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>Reads one event in Millrace's own JSON.</summary>
internal static class JsonEvent
{
    /// <summary>Reads the object that the reader stands at the beginning of, up to its end or the first fault.</summary>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static bool Read(ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventDraft draft)
    {
        var depth = json.CurrentDepth;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!JsonFields.TryText(ref json, draft, "", draft.Scratch, out var name)) return false;
            var field = FieldOf(name);
            if (field == EventFields.None) return Unknown(draft, name);
            if (!draft.Once(field, NameOf(field))) return false;
            json.Read();
            if (json.TokenType != JsonTokenType.Null && !ReadField(ref json, body, draft, field, depth)) return false;
        }

        return true;
    }

    private static bool ReadField(ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventDraft draft, EventFields field, int depth)
    {
        switch (field)
        {
            case EventFields.Dims: return JsonFields.ReadDims(ref json, draft);
            case EventFields.Values: return JsonFields.ReadValues(ref json, draft);
            case EventFields.Geo: return JsonFields.ReadGeo(ref json, draft);
            case EventFields.Time: return JsonFields.ReadTime(ref json, draft, allowNumber: true);
            case EventFields.Data: return JsonFields.TrySkip(ref json, draft, depth, body, out var raw) && draft.SetData(raw);
        }

        if (!JsonFields.TryString(ref json, draft, NameOf(field), out var text)) return false;
        return field switch
        {
            EventFields.Id => draft.SetId(text),
            EventFields.Source => draft.SetSource(text),
            EventFields.Stream => draft.SetStream(text),
            _ => draft.SetType(text),
        };
    }

    private static EventFields FieldOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when name.SequenceEqual("id"u8) => EventFields.Id,
        3 when name.SequenceEqual("geo"u8) => EventFields.Geo,
        4 when name.SequenceEqual("time"u8) => EventFields.Time,
        4 when name.SequenceEqual("type"u8) => EventFields.Type,
        4 when name.SequenceEqual("dims"u8) => EventFields.Dims,
        4 when name.SequenceEqual("data"u8) => EventFields.Data,
        6 when name.SequenceEqual("values"u8) => EventFields.Values,
        6 when name.SequenceEqual("stream"u8) => EventFields.Stream,
        6 when name.SequenceEqual("source"u8) => EventFields.Source,
        _ => EventFields.None,
    };

    private static string NameOf(EventFields field) => field switch
    {
        EventFields.Id => "id",
        EventFields.Geo => "geo",
        EventFields.Time => "time",
        EventFields.Type => "type",
        EventFields.Dims => "dims",
        EventFields.Data => "data",
        EventFields.Values => "values",
        EventFields.Stream => "stream",
        _ => "source",
    };

    private static bool Unknown(EventDraft draft, ReadOnlySpan<byte> name)
    {
        var shown = EventDraft.Show(name);
        return draft.Fail(
            ErrorCodes.UnknownField,
            shown,
            $"'{shown}' is no field of an event: id, source, stream, type, time, dims, values, geo, data. Put what is your own into 'dims', 'values' or 'data'.");
    }
}
