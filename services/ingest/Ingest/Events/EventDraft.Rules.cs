using System.Text;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;

namespace Millrace.Ingest.Events;

/// <summary>The rules of an event, and what the producer is told where it breaks one.</summary>
internal sealed partial class EventDraft
{
    /// <summary>Whether a text is the name of a stream: <c>[a-z0-9][a-z0-9._-]{0,63}</c>.</summary>
    public static bool IsStream(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > EventLimits.StreamLength || text[0] is (byte)'.' or (byte)'_' or (byte)'-') return false;
        foreach (var c in text)
        {
            if (c is not ((>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'.' or (byte)'_' or (byte)'-')) return false;
        }

        return true;
    }

    /// <summary>Notes that a field is there; a second time is a fault.</summary>
    public bool Once(EventFields field, string name)
    {
        if ((_seen & field) != 0) return Fail(ErrorCodes.DuplicateField, name, $"'{Prefix}{name}' stands twice in the event. Send it once.");
        _seen |= field;
        return true;
    }

    /// <summary>Whether the event has named a field.</summary>
    public bool Has(EventFields field) => (_seen & field) != 0;

    /// <summary>Refuses the event.</summary>
    public bool Fail(ErrorCode code, string field, string message)
    {
        Fault = new Fault(code, Prefix + field, message);
        return false;
    }

    /// <summary>Refuses the event for a field of the wrong type.</summary>
    public bool WrongType(string field, string wanted) =>
        Fail(ErrorCodes.WrongType, field, $"'{Prefix}{field}' must be {wanted}.");

    /// <summary>Refuses the event for an entry of the wrong type.</summary>
    public bool WrongType(string map, ReadOnlySpan<byte> name, string wanted) => WrongType($"{map}.{Show(name)}", wanted);

    /// <summary>
    /// Refuses control characters, which JSON brings only as escapes: none in ids and names, no NUL in the values of dims (PostgreSQL has none).
    /// </summary>
    public bool CheckControls(string field, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> text, byte highest) =>
        !text.ContainsAnyInRange((byte)0, highest)
        || FailText(ErrorCodes.InvalidName, field, entry, "holds a control character. Leave out the characters below U+0020.");

    /// <summary>Refuses the event for a text that is not worth decoding.</summary>
    public bool TextTooLong(string field, ReadOnlySpan<byte> entry) =>
        FailText(ErrorCodes.TooLong, field, entry, "is far too long. Shorten it.");

    /// <summary>Refuses the event for an escape that is no character.</summary>
    public bool HalfCharacter(string field, ReadOnlySpan<byte> entry) => FailText(
        ErrorCodes.InvalidUtf8, field, entry, "holds a \\u escape of half a surrogate pair, which is no character. Escape both halves or send UTF-8.");

    /// <summary>Refuses the event for a text that is not UTF-8.</summary>
    public bool NotUtf8(string field, ReadOnlySpan<byte> entry) =>
        FailText(ErrorCodes.InvalidUtf8, field, entry, "is not UTF-8. Send text as UTF-8 and binary content as base64.");

    /// <summary>Rules of <c>id</c>, <c>source</c> and <c>type</c>.</summary>
    public bool CheckName(string field, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return Fail(ErrorCodes.InvalidName, field, $"'{Prefix}{field}' is empty. Give it a value or leave it out.");
        return text.Length <= EventLimits.NameLength || CheckLength(field, text, EventLimits.NameLength);
    }

    /// <summary>Rules of the names in <c>dims</c> and <c>values</c>.</summary>
    public bool CheckFieldName(string map, ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return Fail(ErrorCodes.InvalidName, map, $"'{Prefix}{map}' has an entry with an empty name. Name it.");
        return name.Length <= EventLimits.FieldNameLength || CheckLength($"{map}.{Show(name)}", name, EventLimits.FieldNameLength);
    }

    /// <summary>Rules of a value in <c>dims</c>.</summary>
    public bool CheckDimValue(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        value.Length <= EventLimits.DimValueLength || CheckLength($"dims.{Show(name)}", value, EventLimits.DimValueLength);

    /// <summary>Rules of <c>time</c>.</summary>
    public bool CheckTime(long ms)
    {
        if (ms < _earliestMs)
        {
            // Seconds where milliseconds belong are the usual cause.
            var hint = ms > _earliestMs / 1000 && ms < _latestMs / 1000 ? " It looks like seconds: send milliseconds." : "";
            return Fail(ErrorCodes.TooOld, "time", $"'{Prefix}time' is {Ago(ms, _receivedAtMs)} before its receipt; at most {Ago(_earliestMs, _receivedAtMs)} are accepted.{hint}");
        }

        return ms <= _latestMs
            || Fail(ErrorCodes.InFuture, "time", $"'{Prefix}time' is {Ago(_receivedAtMs, ms)} ahead of this server's clock; at most {Ago(_receivedAtMs, _latestMs)} are accepted. Check the producer's clock.");
    }

    /// <summary>Rules of <c>geo</c>.</summary>
    public bool CheckGeo(double lat, double lon) =>
        (lat is >= -90 and <= 90 && lon is >= -180 and <= 180)
        || Fail(ErrorCodes.InvalidGeo, "geo", $"'{Prefix}geo' is no position: lat must lie within -90 and 90, lon within -180 and 180 (degrees, WGS 84).");

    /// <summary>Rules of the size of <c>data</c>.</summary>
    public bool CheckDataLength(int bytes) =>
        bytes <= EventLimits.DataBytes
        || Fail(ErrorCodes.TooLong, "data", $"'{Prefix}data' has {bytes} bytes; at most {EventLimits.DataBytes} are accepted. Store large content elsewhere and send a reference.");

    /// <summary>Refuses the event for too many entries.</summary>
    public bool TooMany(string map, int limit) =>
        Fail(ErrorCodes.TooMany, map, $"'{Prefix}{map}' has more than {limit} entries. Send fewer.");

    /// <summary>Refuses the event for an entry that stands twice.</summary>
    public bool Twice(string map, ReadOnlySpan<byte> name)
    {
        var field = $"{map}.{Show(name)}";
        return Fail(ErrorCodes.DuplicateField, field, $"'{Prefix}{field}' stands twice in the event. Send it once.");
    }

    /// <summary>Refuses the event for a number that no double can hold.</summary>
    public bool NotFinite(string map, ReadOnlySpan<byte> name)
    {
        var field = $"{map}.{Show(name)}";
        return Fail(ErrorCodes.NotFinite, field, $"'{Prefix}{field}' is not a finite number of at most ±1.8e308. Leave it out when there is no value.");
    }

    /// <summary>A text of the producer's, fit to be shown to it: cut, with no broken characters.</summary>
    public static string Show(ReadOnlySpan<byte> text)
    {
        if (text.Length <= EventLimits.FieldNameLength) return Encoding.UTF8.GetString(text);
        var cut = EventLimits.FieldNameLength;
        while (cut > 0 && (text[cut] & 0xC0) == 0x80) cut--;
        return Encoding.UTF8.GetString(text[..cut]) + "…";
    }

    // In doubles: a time may be anything that 64 bits hold, and a difference of two such, or a TimeSpan, may not.
    private static string Ago(double fromMs, double toMs)
    {
        var seconds = (toMs - fromMs) / 1000;
        return seconds >= 2 * 86_400 ? $"{seconds / 86_400:0.#} days" : seconds >= 120 ? $"{seconds / 60:0.#} minutes" : $"{seconds:0.#} seconds";
    }

    private bool FailText(ErrorCode code, string field, ReadOnlySpan<byte> entry, string what)
    {
        var path = entry.IsEmpty ? field : $"{field}.{Show(entry)}";
        return Fail(code, path, (path.Length == 0 ? "A field's name " : $"'{Prefix}{path}' ") + what);
    }

    private bool CheckStream(ReadOnlySpan<byte> text) =>
        IsStream(text)
        || Fail(ErrorCodes.InvalidName, "stream", $"'{Show(text)}' is no name of a stream: 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit.");

    private bool CheckLength(string field, ReadOnlySpan<byte> text, int limit)
    {
        var characters = 0;
        foreach (var b in text)
        {
            if ((b & 0xC0) != 0x80) characters++;
        }

        return characters <= limit
            || Fail(ErrorCodes.TooLong, field, $"'{Prefix}{field}' has {characters} characters; at most {limit} are accepted. Shorten it.");
    }

    private bool MissingStream() =>
        Fail(ErrorCodes.MissingField, "stream", "The event names no stream. Put 'stream' into it, or ?stream= into the URL for all events of the request.");

    private string NotATime(ReadOnlySpan<byte> text) =>
        $"'{Prefix}time' is '{Show(text)}', which is no RFC 3339 time such as 2026-01-31T12:00:00.250Z (with an offset), nor milliseconds since 1970.";
}
