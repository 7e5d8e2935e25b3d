using System.Text.Json;
using System.Text.Unicode;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>
/// Reads bodies of <see cref="Contracts.Protos.EventBatch"/>. An event on the log has the same fields, so each is checked in place and
/// copied as it came, without what only we may set; our own fields follow it.
/// </summary>
internal static class ProtobufFormat
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const byte Controls = 0x1F;

    private static readonly JsonReaderOptions _options = new() { MaxDepth = JsonFields.ReaderDepth };

    /// <summary>Reads a body.</summary>
    public static ReadOutcome Read(ReadOnlySpan<byte> body, EventBatch batch)
    {
        var reader = new WireReader(body);
        var unread = 0;
        for (; reader.Next(out var field); unread = reader.Position)
        {
            if (!batch.HasRoom) return ReadOutcome.TooManyEvents;
            var start = reader.Position - reader.Bytes.Length;
            if (field != 1 || reader.WireType != Delimited)
            {
                batch.Reject(NotABatch(field), null, unread, reader.Position - unread);
                continue;
            }

            if (reader.Bytes.Length > EventLimits.EventBytes)
            {
                batch.Reject(EventBatch.TooLarge(reader.Bytes.Length), null, start, reader.Bytes.Length);
                continue;
            }

            batch.Draft.Begin();
            if (ReadEvent(reader.Bytes, batch.Draft) && batch.TryAccept()) continue;
            batch.Reject(batch.Draft.Fault!, FindId(reader.Bytes), start, reader.Bytes.Length);
        }

        if (reader.AtEnd) return batch.Total == 0 ? ReadOutcome.Empty : ReadOutcome.Judged;
        if (!batch.HasRoom) return ReadOutcome.TooManyEvents;
        batch.Reject(
            new Fault(ErrorCodes.InvalidProtobuf, "", $"From byte {unread} on the body is not a millrace.v1.EventBatch. This event and all that follow it could not be read."),
            null,
            unread,
            body.Length - unread);
        return ReadOutcome.Judged;
    }

    private static bool ReadEvent(ReadOnlySpan<byte> bytes, EventDraft draft)
    {
        var reader = new WireReader(bytes);
        var present = EventFields.None;
        int from = 0, before = 0;
        for (; reader.Next(out var field); before = reader.Position)
        {
            switch (field)
            {
                case 1: if (!Name(ref reader, draft, EventFields.Id, "id", EventFields.HasId, ref present)) return false; break;
                case 2: if (!Name(ref reader, draft, EventFields.Source, "source", EventFields.None, ref present)) return false; break;
                case 3: if (!Stream(ref reader, draft)) return false; break;
                case 4: if (!Name(ref reader, draft, EventFields.Type, "type", EventFields.HasType, ref present)) return false; break;
                case 5: if (!Time(ref reader, draft, ref present)) return false; break;
                case 7: if (!Dim(ref reader, draft, bytes)) return false; break;
                case 8: if (!Value(ref reader, draft, bytes)) return false; break;
                case 9: if (!Geo(ref reader, draft)) return false; break;
                case 10: if (!Data(ref reader, draft)) return false; break;
                case 6 or 11:
                    draft.Copy(bytes[from..before], EventFields.None);
                    from = reader.Position;
                    break;
                default:
                    return draft.Fail(ErrorCodes.UnknownField, $"#{field}", $"Field number {field} is not in millrace.v1.Event. Send what this server's events.proto knows.");
            }
        }

        if (!reader.AtEnd) return draft.Fail(ErrorCodes.InvalidProtobuf, "", $"From byte {before} on the event is not a millrace.v1.Event.");
        draft.Copy(bytes[from..], present);
        return true;
    }

    private static bool Name(ref WireReader reader, EventDraft draft, EventFields field, string name, EventFields has, ref EventFields present)
    {
        if (!Is(ref reader, draft, Delimited, name) || !draft.Once(field, name)) return false;
        if (reader.Bytes.IsEmpty) return true;
        present |= has;
        return Text(draft, name, default, reader.Bytes, Controls) && draft.CheckName(name, reader.Bytes);
    }

    private static bool Stream(ref WireReader reader, EventDraft draft) =>
        Is(ref reader, draft, Delimited, "stream") && draft.Once(EventFields.Stream, "stream")
        && (reader.Bytes.IsEmpty || draft.NoteStream(reader.Bytes));

    private static bool Time(ref WireReader reader, EventDraft draft, ref EventFields present)
    {
        if (!Is(ref reader, draft, Varint, "time_ms") || !draft.Once(EventFields.Time, "time_ms")) return false;
        if (reader.Number == 0) return true;
        present |= EventFields.HasTime;
        return draft.CheckTime((long)reader.Number);
    }

    private static bool Dim(ref WireReader reader, EventDraft draft, ReadOnlySpan<byte> bytes)
    {
        if (!Is(ref reader, draft, Delimited, "dims")) return false;
        var entry = new WireReader(reader.Bytes);
        var start = reader.Position - reader.Bytes.Length;
        ReadOnlySpan<byte> name = default, value = default;
        while (entry.Next(out var part))
        {
            if (part is not (1 or 2) || entry.WireType != Delimited) return Malformed(draft, "dims");
            if (part == 2) value = entry.Bytes;
            else name = entry.Bytes;
            if (part == 1) start = reader.Position - reader.Bytes.Length + entry.Position - name.Length;
        }

        if (!entry.AtEnd) return Malformed(draft, "dims");
        return Text(draft, "dims", default, name, Controls) && Text(draft, "dims", name, value, 0) && draft.NoteDim(bytes, start, name, value);
    }

    private static bool Value(ref WireReader reader, EventDraft draft, ReadOnlySpan<byte> bytes)
    {
        if (!Is(ref reader, draft, Delimited, "values")) return false;
        var entry = new WireReader(reader.Bytes);
        var start = reader.Position - reader.Bytes.Length;
        ReadOnlySpan<byte> name = default;
        var value = 0d;
        while (entry.Next(out var part))
        {
            if (part == 1 && entry.WireType == Delimited)
            {
                name = entry.Bytes;
                start = reader.Position - reader.Bytes.Length + entry.Position - name.Length;
            }
            else if (part == 2 && entry.WireType == Fixed64)
            {
                value = BitConverter.UInt64BitsToDouble(entry.Number);
            }
            else
            {
                return Malformed(draft, "values");
            }
        }

        if (!entry.AtEnd) return Malformed(draft, "values");
        return Text(draft, "values", default, name, Controls) && draft.NoteValue(bytes, start, name, value);
    }

    private static bool Geo(ref WireReader reader, EventDraft draft)
    {
        if (!Is(ref reader, draft, Delimited, "geo") || !draft.Once(EventFields.Geo, "geo")) return false;
        var point = new WireReader(reader.Bytes);
        double lat = 0, lon = 0;
        while (point.Next(out var part))
        {
            if (part is not (1 or 2) || point.WireType != Fixed64) return Malformed(draft, "geo");
            if (part == 1) lat = BitConverter.UInt64BitsToDouble(point.Number);
            else lon = BitConverter.UInt64BitsToDouble(point.Number);
        }

        return point.AtEnd ? draft.CheckGeo(lat, lon) : Malformed(draft, "geo");
    }

    private static bool Data(ref WireReader reader, EventDraft draft)
    {
        if (!Is(ref reader, draft, Delimited, "data") || !draft.Once(EventFields.Data, "data")) return false;
        if (reader.Bytes.IsEmpty) return true;
        if (!draft.CheckDataLength(reader.Bytes.Length)) return false;
        if (!Utf8.IsValid(reader.Bytes)) return draft.NotUtf8("data", default);
        var json = new Utf8JsonReader(reader.Bytes, _options);
        try
        {
            json.Read();
            // The data is one level inside the event.
            return JsonFields.TrySkip(ref json, draft, -1, reader.Bytes, out _) && !json.Read();
        }
        catch (JsonException e)
        {
            var fault = JsonDiagnosis.Malformed(e, " 'data' must be JSON.");
            return draft.Fail(fault.Code, "data", fault.Message);
        }
    }

    private static bool Text(EventDraft draft, string field, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> text, byte refused) =>
        Utf8.IsValid(text) ? draft.CheckControls(field, entry, text, refused) : draft.NotUtf8(field, entry);

    private static bool Is(ref WireReader reader, EventDraft draft, int wireType, string name) => reader.WireType == wireType || Malformed(draft, name);

    private static bool Malformed(EventDraft draft, string name) =>
        draft.Fail(ErrorCodes.InvalidProtobuf, name, $"The field '{name}' is not encoded as millrace.v1.Event has it.");

    private static Fault NotABatch(int field) => new(
        ErrorCodes.InvalidProtobuf, "", $"The body must be a millrace.v1.EventBatch: field 1, repeated, a message. Here stands field {field}.");

    private static string? FindId(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            if (field == 1 && reader.WireType == Delimited) return EventBatch.AsId(reader.Bytes);
        }

        return null;
    }
}
