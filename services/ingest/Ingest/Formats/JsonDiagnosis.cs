using System.Text.Json;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>
/// A second look at a refused event: finds its id for the answer, and the deeper cause where there is one. Text that is not UTF-8 comes
/// before malformed JSON, that before JSON nested too deeply, and that before the first rule that is broken.
/// </summary>
internal static class JsonDiagnosis
{
    private const int LongestReason = 200;

    /// <summary>Looks.</summary>
    /// <param name="text">The event as it came.</param>
    /// <param name="first">The first rule found broken, or <see langword="null"/> when the JSON could not be read.</param>
    /// <param name="hint">Added to the message about malformed JSON.</param>
    /// <param name="id">The event's id, where it can be read.</param>
    public static Fault Examine(ReadOnlySpan<byte> text, Fault? first, string hint, out string? id)
    {
        var syntax = Walk(text, out id, out var deep);
        if (!System.Text.Unicode.Utf8.IsValid(text))
            return new Fault(ErrorCodes.InvalidUtf8, "", "The event is not UTF-8. Send text as UTF-8 and binary content as base64.");
        if (deep)
        {
            return new Fault(
                ErrorCodes.TooDeep, "", $"The event is nested more than {EventLimits.JsonDepth} levels deep. Flatten it, or send the content as a string.");
        }

        if (syntax is not null) return Malformed(syntax, hint);
        return first ?? new Fault(ErrorCodes.InvalidJson, "", "The event is not JSON.");
    }

    /// <summary>The fault of malformed JSON.</summary>
    public static Fault Malformed(JsonException e, string hint) => new(
        ErrorCodes.InvalidJson, "", $"Not JSON at line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}: {Reason(e)}{hint}");

    private static JsonException? Walk(ReadOnlySpan<byte> text, out string? id, out bool deep)
    {
        id = null;
        deep = false;
        var json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = JsonFields.ReaderDepth });
        try
        {
            while (json.Read())
            {
                if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && json.CurrentDepth >= EventLimits.JsonDepth)
                {
                    deep = true;
                    return null;
                }

                if (json.CurrentDepth != 1 || json.TokenType != JsonTokenType.PropertyName || !JsonText.Is(json, "id"u8)) continue;
                json.Read();
                if (json.TokenType == JsonTokenType.String && id is null) id = ReadId(json);
            }

            return null;
        }
        catch (JsonException e)
        {
            return e;
        }
    }

    private static string? ReadId(in Utf8JsonReader json)
    {
        Span<byte> decoded = stackalloc byte[EventLimits.NameLength * 12];
        var raw = json.ValueSpan;
        if (raw.Length > decoded.Length) return null;
        if (!json.ValueIsEscaped) return EventBatch.AsId(raw);
        return JsonText.TryUnescape(raw, decoded, out var length) ? EventBatch.AsId(decoded[..length]) : null;
    }

    // The reader's messages end with the position, which ours gives counted from one, and hold all of a word that is none, however long.
    private static string Reason(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (end < 0) end = e.Message.Length;
        if (end <= LongestReason) return e.Message[..end];
        return string.Concat(e.Message.AsSpan(0, char.IsHighSurrogate(e.Message[LongestReason - 1]) ? LongestReason - 1 : LongestReason), "…");
    }
}
