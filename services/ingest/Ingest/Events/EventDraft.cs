using System.Text;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;

namespace Millrace.Ingest.Events;

/// <summary>
/// The event being read: checks each field as it comes and writes it at once in the log's wire format. Every setter answers
/// <see langword="false"/> when the event is refused, with <see cref="Fault"/> saying why. One draft serves all events of a request.
/// </summary>
internal sealed partial class EventDraft(WireBuffer wire)
{
    private static readonly byte[] _defaultType = [EventTags.Type, 5, .. "event"u8];

    private readonly NameSet _dims = new(EventLimits.Dims);
    private readonly NameSet _values = new(EventLimits.Values);
    private readonly WireBuffer _own = new();
    private readonly byte[] _defaultStream = new byte[EventLimits.StreamLength];
    private readonly byte[] _stream = new byte[EventLimits.StreamLength];
    private EventFields _seen;
    private EventIds _ids;
    private ReadOnlyMemory<byte> _suffix;
    private ReadOnlyMemory<byte> _key;
    private string _tenant = "";
    private long _receivedAtMs;
    private long _defaultTimeMs;
    private long _earliestMs;
    private long _latestMs;
    private int _defaultStreamLength;
    private int _streamLength;
    private int _keyStreamLength;

    /// <summary>Why the event is refused.</summary>
    public Fault? Fault { get; private set; }

    /// <summary>Put before field names in faults, where fields stand inside another (<c>data.</c>).</summary>
    public string Prefix { get; set; } = "";

    /// <summary>Room to decode a text that came with escapes.</summary>
    public byte[] Scratch { get; } = new byte[TextScratch];

    /// <summary>Room for a second text.</summary>
    public byte[] SecondScratch { get; } = new byte[TextScratch];

    /// <summary>The longest text of an event (256 characters) with every character as two <c>\uXXXX</c> escapes.</summary>
    private const int TextScratch = EventLimits.DimValueLength * 12;

    /// <summary>Begins a request. The default stream must have been checked with <see cref="IsStream"/>.</summary>
    public void Open(RequestFrame frame)
    {
        _tenant = frame.Tenant;
        _receivedAtMs = frame.ReceivedAtMs;
        _defaultTimeMs = frame.DefaultTimeMs ?? frame.ReceivedAtMs;
        _earliestMs = frame.ReceivedAtMs - (long)frame.MaxAge.TotalMilliseconds;
        _latestMs = frame.ReceivedAtMs + (long)frame.MaxAhead.TotalMilliseconds;
        _defaultStreamLength = frame.DefaultStream is null ? 0 : Encoding.UTF8.GetBytes(frame.DefaultStream, _defaultStream);
        _ids = frame.IdSeed is { } seed ? EventIds.DerivedFrom(seed) : default;
        _keyStreamLength = -1;
        Span<byte> tenant = stackalloc byte[Encoding.UTF8.GetMaxByteCount(EventLimits.TenantLength)];
        _own.Open(0);
        _own.Begin();
        _own.Number(EventTags.ReceivedAt, frame.ReceivedAtMs);
        _own.Text(EventTags.Tenant, tenant[..Encoding.UTF8.GetBytes(frame.Tenant, tenant)]);
        _suffix = _own.End();
    }

    /// <summary>Lets go of the request's memory.</summary>
    public void Close() => _own.Reset();

    /// <summary>Begins an event.</summary>
    public void Begin()
    {
        wire.Begin();
        _seen = EventFields.None;
        _dims.Clear();
        _values.Clear();
        _streamLength = 0;
        Fault = null;
        Prefix = "";
    }

    /// <summary>The field <c>id</c>.</summary>
    public bool SetId(ReadOnlySpan<byte> text)
    {
        if (!CheckName("id", text)) return false;
        wire.Text(EventTags.Id, text);
        _seen |= EventFields.HasId;
        return true;
    }

    /// <summary>The field <c>source</c>; an empty one is as good as none.</summary>
    public bool SetSource(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return true;
        if (!CheckName("source", text)) return false;
        wire.Text(EventTags.Source, text);
        return true;
    }

    /// <summary>The field <c>type</c>.</summary>
    public bool SetType(ReadOnlySpan<byte> text)
    {
        if (!CheckName("type", text)) return false;
        wire.Text(EventTags.Type, text);
        _seen |= EventFields.HasType;
        return true;
    }

    /// <summary>The field <c>stream</c>.</summary>
    public bool SetStream(ReadOnlySpan<byte> text)
    {
        if (!NoteStream(text)) return false;
        wire.Text(EventTags.Stream, text);
        return true;
    }

    /// <summary>Checks and remembers the stream without writing it.</summary>
    public bool NoteStream(ReadOnlySpan<byte> text)
    {
        if (!SameAsLast(text) && !CheckStream(text)) return false;
        text.CopyTo(_stream);
        _streamLength = text.Length;
        return true;
    }

    /// <summary>The field <c>time</c> as RFC 3339.</summary>
    public bool SetTime(ReadOnlySpan<byte> text) =>
        Rfc3339.TryParse(text, out var ms) ? SetTime(ms) : Fail(ErrorCodes.InvalidTime, "time", NotATime(text));

    /// <summary>The field <c>time</c> in milliseconds since 1970.</summary>
    public bool SetTime(long ms)
    {
        if (!CheckTime(ms)) return false;
        wire.Number(EventTags.Time, ms);
        _seen |= EventFields.HasTime;
        return true;
    }

    /// <summary>An entry of <c>dims</c>.</summary>
    public bool AddDim(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_dims.IsFull) return TooMany("dims", EventLimits.Dims);
        if (!CheckFieldName("dims", name)) return false;
        if (value.Length > EventLimits.DimValueLength && !CheckDimValue(name, value)) return false;
        wire.Entry(EventTags.Dims, name, value);
        // The entry ends with the value's tag, its length (one byte up to 127, else two) and the value.
        var start = wire.Length - value.Length - (value.Length < 0x80 ? 2 : 3) - name.Length;
        return _dims.Add(wire.Written, start, name.Length) || Twice("dims", name);
    }

    /// <summary>Checks an entry of <c>dims</c> that stays where it is, in the bytes of the event.</summary>
    public bool NoteDim(ReadOnlySpan<byte> bytes, int nameStart, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_dims.IsFull) return TooMany("dims", EventLimits.Dims);
        return CheckFieldName("dims", name) && CheckDimValue(name, value)
            && (_dims.Add(bytes, nameStart, name.Length) || Twice("dims", name));
    }

    /// <summary>An entry of <c>values</c>.</summary>
    public bool AddValue(ReadOnlySpan<byte> name, double value)
    {
        if (_values.IsFull) return TooMany("values", EventLimits.Values);
        if (!CheckFieldName("values", name)) return false;
        if (!double.IsFinite(value)) return NotFinite("values", name);
        wire.Entry(EventTags.Values, name, value);
        return _values.Add(wire.Written, wire.Length - 9 - name.Length, name.Length) || Twice("values", name);
    }

    /// <summary>Checks an entry of <c>values</c> that stays where it is, in the bytes of the event.</summary>
    public bool NoteValue(ReadOnlySpan<byte> bytes, int nameStart, ReadOnlySpan<byte> name, double value)
    {
        if (_values.IsFull) return TooMany("values", EventLimits.Values);
        if (!CheckFieldName("values", name)) return false;
        return double.IsFinite(value) ? _values.Add(bytes, nameStart, name.Length) || Twice("values", name) : NotFinite("values", name);
    }

    /// <summary>The field <c>geo</c>.</summary>
    public bool SetGeo(double lat, double lon)
    {
        if (!CheckGeo(lat, lon)) return false;
        wire.Pair(EventTags.Geo, lat, lon);
        return true;
    }

    /// <summary>The field <c>data</c>: JSON, already known to be well formed.</summary>
    public bool SetData(ReadOnlySpan<byte> json)
    {
        if (!CheckDataLength(json.Length)) return false;
        wire.Text(EventTags.Data, json);
        return true;
    }

    /// <summary>Fields that are written already (Protobuf), each of them checked.</summary>
    public void Copy(ReadOnlySpan<byte> fields, EventFields present)
    {
        wire.Raw(fields);
        _seen |= present;
    }

    /// <summary>Adds what the event did not say, and ends it.</summary>
    /// <param name="key">Key of the record: <c>tenant/stream</c>.</param>
    /// <param name="value">The event.</param>
    public bool Finish(out ReadOnlyMemory<byte> key, out ReadOnlyMemory<byte> value)
    {
        key = value = default;
        if (_streamLength == 0)
        {
            if (_defaultStreamLength == 0) return MissingStream();
            SetStream(_defaultStream.AsSpan(0, _defaultStreamLength));
        }

        if ((_seen & EventFields.HasId) == 0) NewId();
        if ((_seen & EventFields.HasType) == 0) wire.Raw(_defaultType);
        if ((_seen & EventFields.HasTime) == 0) wire.Number(EventTags.Time, _defaultTimeMs);
        wire.Raw(_suffix.Span);
        value = wire.End();
        key = Key();
        return true;
    }

    private bool SameAsLast(ReadOnlySpan<byte> text) =>
        text.Length == _keyStreamLength && text.SequenceEqual(_key.Span[^_keyStreamLength..]);

    private void NewId()
    {
        Span<byte> id = stackalloc byte[36];
        _ids.Write(_receivedAtMs, id);
        wire.Text(EventTags.Id, id);
    }

    // Requests seldom mix streams, so the last key is as good as a cache, and needs no bound.
    private ReadOnlyMemory<byte> Key()
    {
        var stream = _stream.AsSpan(0, _streamLength);
        if (SameAsLast(stream)) return _key;
        var to = wire.Reserve((EventLimits.TenantLength * 4) + 1 + _streamLength);
        var at = Encoding.UTF8.GetBytes(_tenant, to);
        to[at++] = (byte)'/';
        stream.CopyTo(to[at..]);
        wire.Advance(at + stream.Length);
        _key = wire.End();
        _keyStreamLength = _streamLength;
        return _key;
    }
}
