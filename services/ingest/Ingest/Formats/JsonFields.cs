using System.Buffers.Text;
using System.Text.Json;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>
/// Reads the parts of an event that JSON formats share into a draft. Each method stands on the token that begins the part and leaves the
/// reader on the one that ends it. Syntax errors come as <see cref="JsonException"/>.
/// </summary>
internal static class JsonFields
{
    /// <summary>How deep the reader itself goes: past our own limit, so that a deep event can be skipped and the rest of its batch read.</summary>
    public const int ReaderDepth = 1000;

    /// <summary>Highest control character.</summary>
    private const byte Controls = 0x1F;

    /// <summary>The current property name or string, decoded.</summary>
    /// <param name="json">On the token.</param>
    /// <param name="draft">The event.</param>
    /// <param name="field">Field to name in a fault; empty for the name of a field itself.</param>
    /// <param name="scratch">Where a text with escapes is decoded to.</param>
    /// <param name="text">The text; lives as long as the body and the scratch.</param>
    /// <param name="entry">Entry of the field to name in a fault.</param>
    /// <param name="refused">Characters up to this one are refused.</param>
    public static bool TryText(
        ref Utf8JsonReader json,
        EventDraft draft,
        string field,
        byte[] scratch,
        out ReadOnlySpan<byte> text,
        scoped ReadOnlySpan<byte> entry = default,
        byte refused = Controls)
    {
        text = json.ValueSpan;
        return !json.ValueIsEscaped || TryDecode(ref text, draft, field, entry, scratch, refused);
    }

    /// <summary>Reads a string into <paramref name="text"/>; anything else is refused.</summary>
    public static bool TryString(ref Utf8JsonReader json, EventDraft draft, string field, out ReadOnlySpan<byte> text)
    {
        text = default;
        return json.TokenType == JsonTokenType.String ? TryText(ref json, draft, field, draft.Scratch, out text) : draft.WrongType(field, "a string");
    }

    /// <summary>Reads <c>dims</c>: an object of strings; null entries are passed over.</summary>
    public static bool ReadDims(ref Utf8JsonReader json, EventDraft draft)
    {
        if (json.TokenType != JsonTokenType.StartObject) return draft.WrongType("dims", "an object of strings");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryText(ref json, draft, "dims", draft.Scratch, out var name)) return false;
            json.Read();
            if (json.TokenType == JsonTokenType.Null) continue;
            if (json.TokenType != JsonTokenType.String) return draft.WrongType("dims", name, "a string; numbers belong into 'values', or into quotes");
            if (!TryText(ref json, draft, "dims", draft.SecondScratch, out var value, name, refused: 0)) return false;
            if (!draft.AddDim(name, value)) return false;
        }

        return true;
    }

    /// <summary>Reads <c>values</c>: an object of numbers; null entries are passed over.</summary>
    public static bool ReadValues(ref Utf8JsonReader json, EventDraft draft)
    {
        if (json.TokenType != JsonTokenType.StartObject) return draft.WrongType("values", "an object of numbers");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryText(ref json, draft, "values", draft.Scratch, out var name)) return false;
            json.Read();
            if (json.TokenType == JsonTokenType.Null) continue;
            if (json.TokenType != JsonTokenType.Number) return draft.WrongType("values", name, "a number; texts belong into 'dims'");
            if (!draft.AddValue(name, JsonNumber.Parse(json.ValueSpan))) return false;
        }

        return true;
    }

    /// <summary>Reads <c>geo</c>: an object of the numbers <c>lat</c> and <c>lon</c>.</summary>
    public static bool ReadGeo(ref Utf8JsonReader json, EventDraft draft)
    {
        if (json.TokenType != JsonTokenType.StartObject) return draft.WrongType("geo", "an object of the numbers lat and lon");
        double? lat = null, lon = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isLat = JsonText.Is(json, "lat"u8);
            if (!isLat && !JsonText.Is(json, "lon"u8))
            {
                return draft.Fail(
                    ErrorCodes.UnknownField, $"geo.{EventDraft.Show(json.ValueSpan)}", "'geo' has the fields lat and lon, and no others.");
            }

            var name = isLat ? "geo.lat" : "geo.lon";
            if ((isLat ? lat : lon) is not null) return draft.Fail(ErrorCodes.DuplicateField, name, $"'{name}' stands twice in the event. Send it once.");
            json.Read();
            if (json.TokenType != JsonTokenType.Number) return draft.WrongType(name, "a number of degrees");
            var degrees = JsonNumber.Parse(json.ValueSpan);
            if (isLat) lat = degrees;
            else lon = degrees;
        }

        return lat is { } y && lon is { } x
            ? draft.SetGeo(y, x)
            : draft.Fail(ErrorCodes.MissingField, "geo", "'geo' needs both lat and lon.");
    }

    /// <summary>Reads <c>time</c>: RFC 3339, or milliseconds since 1970 where the format knows them.</summary>
    public static bool ReadTime(ref Utf8JsonReader json, EventDraft draft, bool allowNumber)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            // A time with escapes is decoded like any other text; it is not worth a special message.
            return TryText(ref json, draft, "time", draft.Scratch, out var text) && draft.SetTime(text);
        }

        if (json.TokenType != JsonTokenType.Number || !allowNumber)
            return draft.WrongType("time", allowNumber ? "an RFC 3339 string or a number of milliseconds since 1970" : "an RFC 3339 string");
        if (Utf8Parser.TryParse(json.ValueSpan, out long ms, out var used) && used == json.ValueSpan.Length) return draft.SetTime(ms);
        var value = JsonNumber.Parse(json.ValueSpan);
        return double.IsFinite(value)
            ? draft.SetTime((long)Math.Clamp(value, -1e17, 1e17))
            : draft.Fail(ErrorCodes.InvalidTime, "time", "'time' is beyond all times: send milliseconds since 1970 or an RFC 3339 string.");
    }

    /// <summary>Steps over a value of any type; refuses it where it is nested too deeply.</summary>
    /// <param name="json">On the value's first token; afterwards on its last.</param>
    /// <param name="draft">The event.</param>
    /// <param name="eventDepth">Depth of the event itself in the reader.</param>
    /// <param name="body">What the reader reads.</param>
    /// <param name="raw">The value as it stands there.</param>
    public static bool TrySkip(
        ref Utf8JsonReader json, EventDraft draft, int eventDepth, ReadOnlySpan<byte> body, out ReadOnlySpan<byte> raw)
    {
        raw = default;
        var start = (int)json.TokenStartIndex;
        var depth = json.CurrentDepth;
        if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            do
            {
                if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && json.CurrentDepth - eventDepth >= EventLimits.JsonDepth)
                    return TooDeep(draft);
                json.Read();
            }
            while (json.CurrentDepth > depth);
        }

        raw = body[start..(int)json.BytesConsumed];
        return true;
    }

    /// <summary>Leaves the reader on the end of the object that began at a depth, wherever inside it the reader stands.</summary>
    public static void SkipToEnd(ref Utf8JsonReader json, int depth)
    {
        while (json.CurrentDepth > depth || json.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray)) json.Read();
    }

    /// <summary>Refuses the event for its depth.</summary>
    public static bool TooDeep(EventDraft draft) =>
        draft.Fail(ErrorCodes.TooDeep, "", $"The event is nested more than {EventLimits.JsonDepth} levels deep. Flatten it, or send the content as a string.");

    private static bool TryDecode(
        ref ReadOnlySpan<byte> text, EventDraft draft, string field, scoped ReadOnlySpan<byte> entry, byte[] scratch, byte refused)
    {
        if (text.Length > scratch.Length) return draft.TextTooLong(field, entry);
        if (!JsonText.TryUnescape(text, scratch, out var length)) return draft.HalfCharacter(field, entry);
        text = scratch.AsSpan(0, length);
        return draft.CheckControls(field, entry, text, refused);
    }
}
