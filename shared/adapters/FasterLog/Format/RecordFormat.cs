using System.Numerics;
using System.Text;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Format;

/// <summary>
/// A record inside an entry: varint(key length * 4 + header mode), varint(value length), headers when the mode says so, key, value.
/// Mode 0: no headers; 1: its headers follow; 2: those of the record before that had its own.
/// </summary>
internal static class RecordFormat
{
    private const int NoHeaders = 0;
    private const int OwnHeaders = 1;
    private const int SameHeaders = 2;

    /// <summary>Fewest bytes that a record can take.</summary>
    public const int MinLength = 2;

    /// <summary>Exact length of a record in an entry.</summary>
    /// <param name="record">The record.</param>
    /// <param name="previous">Headers of the last record of the entry that had some.</param>
    public static int Length(in LogRecord record, IReadOnlyDictionary<string, string>? previous)
    {
        var mode = Mode(record.Headers, previous);
        var length = VarintLength(((uint)record.Key.Length << 2) | (uint)mode) + VarintLength((uint)record.Value.Length)
            + record.Key.Length + record.Value.Length;
        return mode == OwnHeaders ? length + HeadersLength(record.Headers!) : length;
    }

    /// <summary>Writes a record of exactly <see cref="Length"/> bytes.</summary>
    public static void Write(in LogRecord record, IReadOnlyDictionary<string, string>? previous, Span<byte> to)
    {
        var mode = Mode(record.Headers, previous);
        var at = WriteVarint(to, ((uint)record.Key.Length << 2) | (uint)mode);
        at += WriteVarint(to[at..], (uint)record.Value.Length);
        if (mode == OwnHeaders) at += WriteHeaders(record.Headers!, to[at..]);
        record.Key.Span.CopyTo(to[at..]);
        record.Value.Span.CopyTo(to[(at + record.Key.Length)..]);
    }

    /// <summary>Reads the record at <paramref name="at"/> and moves on past it; the bytes have been verified by the entry's checksum.</summary>
    /// <exception cref="InvalidDataException">The bytes are no record: the entry was written so, for its checksum is right.</exception>
    public static LogEntry Read(
        ReadOnlyMemory<byte> entry, ref int at, long offset, long appendedAtMs, ref IReadOnlyDictionary<string, string>? headers)
    {
        var span = entry.Span;
        var keyAndMode = ReadVarint(span, ref at);
        var valueBytes = ReadVarint(span, ref at);
        var mode = (int)(keyAndMode & 3);
        var keyLength = (int)(keyAndMode >> 2);
        if (mode == OwnHeaders) headers = ReadHeaders(span, ref at);
        if ((long)keyLength + valueBytes > span.Length - at) throw NoRecord();
        var valueLength = (int)valueBytes;
        var key = entry.Slice(at, keyLength);
        var value = entry.Slice(at + keyLength, valueLength);
        at += keyLength + valueLength;
        return new LogEntry(offset, appendedAtMs, key, value, mode == NoHeaders ? null : headers);
    }

    /// <summary>Moves past the record at <paramref name="at"/>, keeping track of headers.</summary>
    public static void Skip(ReadOnlyMemory<byte> entry, ref int at, ref IReadOnlyDictionary<string, string>? headers) =>
        Read(entry, ref at, 0, 0, ref headers);

    private static int Mode(IReadOnlyDictionary<string, string>? headers, IReadOnlyDictionary<string, string>? previous) =>
        headers is null || headers.Count == 0 ? NoHeaders : ReferenceEquals(headers, previous) ? SameHeaders : OwnHeaders;

    private static int HeadersLength(IReadOnlyDictionary<string, string> headers)
    {
        var length = VarintLength((uint)headers.Count);
        foreach (var (name, value) in headers) length += TextLength(name) + TextLength(value);
        return length;
    }

    private static int WriteHeaders(IReadOnlyDictionary<string, string> headers, Span<byte> to)
    {
        var at = WriteVarint(to, (uint)headers.Count);
        foreach (var (name, value) in headers)
        {
            at += WriteText(to[at..], name);
            at += WriteText(to[at..], value);
        }
        return at;
    }

    private static LogHeaderDictionary ReadHeaders(ReadOnlySpan<byte> span, ref int at)
    {
        var count = ReadVarint(span, ref at);
        if (count > (uint)(span.Length - at) / MinLength) throw NoRecord();
        var pairs = new KeyValuePair<string, string>[count];
        for (var i = 0; i < pairs.Length; i++) pairs[i] = new(ReadText(span, ref at), ReadText(span, ref at));
        return new LogHeaderDictionary(pairs);
    }

    private static int TextLength(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        return VarintLength((uint)bytes) + bytes;
    }

    private static int WriteText(Span<byte> to, string text)
    {
        var at = WriteVarint(to, (uint)Encoding.UTF8.GetByteCount(text));
        return at + Encoding.UTF8.GetBytes(text, to[at..]);
    }

    private static string ReadText(ReadOnlySpan<byte> span, ref int at)
    {
        var bytes = ReadVarint(span, ref at);
        if (bytes > (uint)(span.Length - at)) throw NoRecord();
        var length = (int)bytes;
        var text = Encoding.UTF8.GetString(span.Slice(at, length));
        at += length;
        return text;
    }

    private static int VarintLength(uint value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private static int WriteVarint(Span<byte> to, uint value)
    {
        var at = 0;
        while (value >= 0x80)
        {
            to[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        to[at++] = (byte)value;
        return at;
    }

    private static uint ReadVarint(ReadOnlySpan<byte> from, ref int at)
    {
        var value = 0u;
        for (var shift = 0; shift < 35 && at < from.Length; shift += 7)
        {
            var b = from[at++];
            value |= (uint)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
        throw NoRecord();
    }

    private static InvalidDataException NoRecord() => new("The entry holds no record here.");
}
