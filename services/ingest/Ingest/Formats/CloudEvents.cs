using System.Buffers.Text;
using Millrace.Contracts.Errors;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>
/// How the attributes of a CloudEvent (CloudEvents 1.0.2, core specification) become fields of an event. <c>id</c>, <c>source</c>,
/// <c>type</c>, <c>time</c> and the extension <c>stream</c> are fields of their own; <c>subject</c>, <c>dataschema</c> and every other
/// extension become dims, and so does <c>datacontenttype</c> where the data is not JSON.
/// </summary>
internal static class CloudEvents
{
    private const EventFields Required = EventFields.SpecVersion | EventFields.Id | EventFields.Source | EventFields.Type;

    /// <summary>The attribute of a name; <see cref="EventFields.Extension"/> for those that the specification does not know.</summary>
    public static EventFields FieldOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when name.SequenceEqual("id"u8) => EventFields.Id,
        4 when name.SequenceEqual("type"u8) => EventFields.Type,
        4 when name.SequenceEqual("time"u8) => EventFields.Time,
        4 when name.SequenceEqual("data"u8) => EventFields.Data,
        6 when name.SequenceEqual("source"u8) => EventFields.Source,
        6 when name.SequenceEqual("stream"u8) => EventFields.Stream,
        7 when name.SequenceEqual("subject"u8) => EventFields.Subject,
        10 when name.SequenceEqual("dataschema"u8) => EventFields.DataSchema,
        11 when name.SequenceEqual("specversion"u8) => EventFields.SpecVersion,
        11 when name.SequenceEqual("data_base64"u8) => EventFields.DataBase64,
        15 when name.SequenceEqual("datacontenttype"u8) => EventFields.DataContentType,
        _ => EventFields.Extension,
    };

    /// <summary>The name of an attribute that the specification knows.</summary>
    public static string NameOf(EventFields field) => field switch
    {
        EventFields.Id => "id",
        EventFields.Type => "type",
        EventFields.Time => "time",
        EventFields.Data => "data",
        EventFields.Source => "source",
        EventFields.Stream => "stream",
        EventFields.Subject => "subject",
        EventFields.DataSchema => "dataschema",
        EventFields.SpecVersion => "specversion",
        EventFields.DataBase64 => "data_base64",
        _ => "datacontenttype",
    };

    /// <summary>Sets an attribute whose value is text.</summary>
    public static bool Set(EventDraft draft, EventFields field, ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty && field != EventFields.Extension)
            return draft.Fail(ErrorCodes.InvalidCloudEvent, NameOf(field), $"The attribute '{NameOf(field)}' is empty. Give it a value or leave it out.");
        switch (field)
        {
            case EventFields.Id: return draft.SetId(text);
            case EventFields.Source: return draft.SetSource(text);
            case EventFields.Type: return draft.SetType(text);
            case EventFields.Stream: return draft.SetStream(text);
            case EventFields.Time: return draft.SetTime(text);
            case EventFields.SpecVersion: return CheckVersion(draft, text);
            case EventFields.DataContentType: return MediaTypes.IsJson(text) || draft.AddDim(name, text);
            case EventFields.Extension: return SetExtension(draft, name, text);
            default: return draft.AddDim(name, text);
        }
    }

    /// <summary>Whether all that a CloudEvent must have was there.</summary>
    /// <param name="draft">The event.</param>
    /// <param name="present">Attributes with a value.</param>
    public static bool CheckRequired(EventDraft draft, EventFields present)
    {
        var missing = Required & ~present;
        if (missing == EventFields.None) return true;
        foreach (var field in (ReadOnlySpan<EventFields>)[EventFields.SpecVersion, EventFields.Id, EventFields.Source, EventFields.Type])
        {
            if ((missing & field) != 0)
                return draft.Fail(ErrorCodes.InvalidCloudEvent, NameOf(field), $"The required attribute '{NameOf(field)}' is missing (CloudEvents 1.0).");
        }

        return true;
    }

    /// <summary>Whether a text is base64 (RFC 4648 §4).</summary>
    public static bool CheckBase64(EventDraft draft, ReadOnlySpan<byte> text) =>
        Base64.IsValid(text) || draft.Fail(ErrorCodes.InvalidCloudEvent, "data_base64", "'data_base64' is not base64 (RFC 4648).");

    private static bool CheckVersion(EventDraft draft, ReadOnlySpan<byte> text) =>
        text.SequenceEqual("1.0"u8)
        || draft.Fail(ErrorCodes.InvalidCloudEvent, "specversion", $"CloudEvents of version '{EventDraft.Show(text)}' are not supported. Send 1.0.");

    private static bool SetExtension(EventDraft draft, ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        if (name.IsEmpty || name.ContainsAnyExcept(MediaTypes.AttributeCharacters))
        {
            var shown = EventDraft.Show(name);
            return draft.Fail(
                ErrorCodes.InvalidCloudEvent, shown, $"'{shown}' is no name of a CloudEvents attribute: lower-case letters and digits only. Put your own fields into 'data'.");
        }

        // Trace context belongs to the request: its header goes with every record.
        return name.SequenceEqual("traceparent"u8) || name.SequenceEqual("tracestate"u8) || draft.AddDim(name, text);
    }
}
