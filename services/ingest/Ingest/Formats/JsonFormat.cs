using System.Text.Json;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>Reads bodies of JSON: one event, an array of events, or one event a line; the events either Millrace's own or CloudEvents.</summary>
internal static class JsonFormat
{
    private const string NdjsonHint = " For one event a line send Content-Type: application/x-ndjson.";

    private static readonly JsonReaderOptions _options = new() { MaxDepth = JsonFields.ReaderDepth };

    /// <summary>Which documents a body may be.</summary>
    [Flags]
    internal enum Shape
    {
        /// <summary>None.</summary>
        None = 0,

        /// <summary>One object.</summary>
        Object = 1,

        /// <summary>An array of objects.</summary>
        Array = 2,
    }

    /// <summary>Reads a body that is one document.</summary>
    public static ReadOutcome ReadDocument(ReadOnlySpan<byte> body, EventBatch batch, Shape allowed, bool cloudEvents)
    {
        var start = SkipSpace(body);
        if (start == body.Length) return ReadOutcome.Empty;
        return body[start] == '[' && (allowed & Shape.Array) != 0
            ? ReadArray(body, batch, cloudEvents)
            : ReadSingle(body, start, batch, allowed, cloudEvents);
    }

    /// <summary>Reads a body of one event a line. Blank lines count for nothing.</summary>
    public static ReadOutcome ReadLines(ReadOnlySpan<byte> body, EventBatch batch)
    {
        var valid = System.Text.Unicode.Utf8.IsValid(body);
        var outcome = ReadOutcome.Empty;
        for (int at = 0, next; at < body.Length; at = next)
        {
            var length = body[at..].IndexOf((byte)'\n');
            if (length < 0) length = body.Length - at;
            next = at + length + 1;
            var line = body.Slice(at, length);
            if (SkipSpace(line) == line.Length) continue;
            if (!batch.HasRoom) return ReadOutcome.TooManyEvents;
            outcome = ReadOutcome.Judged;
            ReadOne(line, at, batch, valid, cloudEvents: false, hint: "");
        }

        return outcome;
    }

    private static ReadOutcome ReadSingle(ReadOnlySpan<byte> body, int start, EventBatch batch, Shape allowed, bool cloudEvents)
    {
        if (body.Length - start > EventLimits.EventBytes) return ReadOutcome.EventTooLarge;
        var text = body[start..];
        if (text[0] == '[')
        {
            var fault = new Fault(ErrorCodes.WrongType, "", "The body must be one event. Send an array as application/cloudevents-batch+json.");
            batch.Reject(JsonDiagnosis.Examine(text, fault, "", out var id), id, start, text.Length);
            return ReadOutcome.Judged;
        }

        if ((allowed & Shape.Object) == 0)
        {
            var fault = new Fault(ErrorCodes.WrongType, "", "The body must be an array. Send one event as application/cloudevents+json.");
            batch.Reject(JsonDiagnosis.Examine(text, fault, "", out var id), id, start, text.Length);
            return ReadOutcome.Judged;
        }

        ReadOne(text, start, batch, System.Text.Unicode.Utf8.IsValid(text), cloudEvents, cloudEvents ? "" : NdjsonHint);
        return ReadOutcome.Judged;
    }

    /// <summary>Reads one event that stands alone in its text.</summary>
    private static void ReadOne(ReadOnlySpan<byte> text, int start, EventBatch batch, bool validUtf8, bool cloudEvents, string hint)
    {
        if (text.Length > EventLimits.EventBytes)
        {
            batch.Reject(EventBatch.TooLarge(text.Length), null, start, text.Length);
            return;
        }

        var draft = batch.Draft;
        draft.Begin();
        var json = new Utf8JsonReader(text, _options);
        try
        {
            json.Read();
            // The second Read finds what follows the event: nothing may.
            if (ReadEvent(ref json, text, draft, cloudEvents) && !json.Read() && (validUtf8 || System.Text.Unicode.Utf8.IsValid(text)) && batch.TryAccept()) return;
        }
        catch (JsonException)
        {
            // Examine reads it again and says where.
        }

        batch.Reject(JsonDiagnosis.Examine(text, draft.Fault, hint, out var id), id, start, text.Length);
    }

    private static ReadOutcome ReadArray(ReadOnlySpan<byte> body, EventBatch batch, bool cloudEvents)
    {
        var valid = System.Text.Unicode.Utf8.IsValid(body);
        var json = new Utf8JsonReader(body, _options);
        var unread = 0;
        try
        {
            json.Read();
            unread = (int)json.BytesConsumed;
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                if (!batch.HasRoom) return ReadOutcome.TooManyEvents;
                ReadElement(ref json, body, batch, valid, cloudEvents);
                unread = (int)json.BytesConsumed;
            }

            json.Read();
        }
        catch (JsonException e)
        {
            if (!batch.HasRoom) return ReadOutcome.TooManyEvents;
            RejectRemainder(body, ref json, unread, batch, e);
        }

        return batch.Total == 0 ? ReadOutcome.Empty : ReadOutcome.Judged;
    }

    private static void ReadElement(ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventBatch batch, bool validUtf8, bool cloudEvents)
    {
        var draft = batch.Draft;
        draft.Begin();
        var start = (int)json.TokenStartIndex;
        var depth = json.CurrentDepth;
        var nested = json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
        var good = ReadEvent(ref json, body, draft, cloudEvents);
        if (!good && nested) JsonFields.SkipToEnd(ref json, depth);
        var text = body[start..(int)json.BytesConsumed];
        if (text.Length > EventLimits.EventBytes)
            batch.Reject(EventBatch.TooLarge(text.Length), null, start, text.Length);
        else if (!good || (!validUtf8 && !System.Text.Unicode.Utf8.IsValid(text)) || !batch.TryAccept())
            batch.Reject(JsonDiagnosis.Examine(text, draft.Fault, "", out var id), id, start, text.Length);
    }

    private static bool ReadEvent(ref Utf8JsonReader json, ReadOnlySpan<byte> body, EventDraft draft, bool cloudEvents)
    {
        if (json.TokenType != JsonTokenType.StartObject) return draft.Fail(ErrorCodes.WrongType, "", "An event must be a JSON object.");
        return cloudEvents ? CloudEventJson.Read(ref json, body, draft) : JsonEvent.Read(ref json, body, draft);
    }

    /// <summary>What follows a syntax error inside an array can't be told apart into events: it is refused as one.</summary>
    private static void RejectRemainder(ReadOnlySpan<byte> body, ref Utf8JsonReader json, int unread, EventBatch batch, JsonException e)
    {
        while (unread < body.Length && (body[unread] is (byte)',' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')) unread++;
        const string What = " This event and all that follow it in the array could not be read. Repair it and send them again, or send one event a line (application/x-ndjson), where each is read for itself.";
        var fault = json.CurrentDepth >= JsonFields.ReaderDepth - 1
            ? new Fault(ErrorCodes.TooDeep, "", $"The event is nested more than {EventLimits.JsonDepth} levels deep." + What)
            : JsonDiagnosis.Malformed(e, What);
        batch.Reject(fault, null, unread, body.Length - unread);
    }

    private static int SkipSpace(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') at++;
        return at;
    }
}
