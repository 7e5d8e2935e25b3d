using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Millrace.Ingest.Events;

/// <summary>
/// Pooled memory into which the events of one request are written in Protobuf's wire format. Each message is contiguous; memory handed out
/// stays where it is until <see cref="Reset"/>.
/// </summary>
internal sealed class WireBuffer
{
    private const int SmallestSegment = 4 * 1024;
    private const int UsualSegment = 256 * 1024;

    private readonly List<byte[]> _segments = [];
    private byte[] _segment = [];
    private int _start;
    private int _at;

    /// <summary>Bytes of the message being written.</summary>
    public int Length => _at - _start;

    /// <summary>The message being written, as far as it is.</summary>
    public ReadOnlySpan<byte> Written => _segment.AsSpan(_start, _at - _start);

    /// <summary>Takes the first segment, fit for an input of this size.</summary>
    public void Open(int inputBytes) => NewSegment(Math.Clamp(inputBytes + (inputBytes / 4) + 512, SmallestSegment, UsualSegment));

    /// <summary>Starts a message after the last one.</summary>
    public void Begin() => _start = _at;

    /// <summary>Forgets the message being written.</summary>
    public void Abandon() => _at = _start;

    /// <summary>Ends the message and hands out its memory.</summary>
    public ReadOnlyMemory<byte> End()
    {
        var message = new ReadOnlyMemory<byte>(_segment, _start, _at - _start);
        _start = _at;
        return message;
    }

    /// <summary>Returns all memory to the pool.</summary>
    public void Reset()
    {
        foreach (var segment in _segments) Buffers.Return(segment);
        _segments.Clear();
        _segment = [];
        _start = _at = 0;
    }

    /// <summary>A span to fill; <see cref="Advance"/> says how much of it was used.</summary>
    public Span<byte> Reserve(int bytes)
    {
        if (_segment.Length - _at < bytes) Grow(bytes);
        return _segment.AsSpan(_at);
    }

    /// <summary>Notes that bytes of the reserved span were filled.</summary>
    public void Advance(int bytes) => _at += bytes;

    /// <summary>Bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _at += bytes.Length;
    }

    /// <summary>A field of wire type 2.</summary>
    public void Text(byte tag, ReadOnlySpan<byte> text)
    {
        var to = Reserve(text.Length + 6);
        to[0] = tag;
        var at = 1 + Varint(to[1..], (uint)text.Length);
        text.CopyTo(to[at..]);
        _at += at + text.Length;
    }

    /// <summary>A field of wire type 0.</summary>
    public void Number(byte tag, long value)
    {
        var to = Reserve(11);
        to[0] = tag;
        _at += 1 + Varint(to[1..], (ulong)value);
    }

    /// <summary>An entry of a map from text to text.</summary>
    public void Entry(byte tag, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var to = Reserve(name.Length + value.Length + 20);
        var inner = 2 + name.Length + value.Length + VarintLength(name.Length) + VarintLength(value.Length);
        to[0] = tag;
        var at = 1 + Varint(to[1..], (uint)inner);
        at = Part(to, at, 0x0A, name);
        _at += Part(to, at, 0x12, value);
    }

    /// <summary>An entry of a map from text to double.</summary>
    public void Entry(byte tag, ReadOnlySpan<byte> name, double value)
    {
        var to = Reserve(name.Length + 32);
        to[0] = tag;
        var at = 1 + Varint(to[1..], (uint)(1 + VarintLength(name.Length) + name.Length + 9));
        at = Part(to, at, 0x0A, name);
        to[at] = 0x11;
        BinaryPrimitives.WriteDoubleLittleEndian(to[(at + 1)..], value);
        _at += at + 9;
    }

    /// <summary>A message of two doubles, fields 1 and 2.</summary>
    public void Pair(byte tag, double first, double second)
    {
        var to = Reserve(20);
        to[0] = tag;
        to[1] = 18;
        to[2] = 0x09;
        BinaryPrimitives.WriteDoubleLittleEndian(to[3..], first);
        to[11] = 0x11;
        BinaryPrimitives.WriteDoubleLittleEndian(to[12..], second);
        _at += 20;
    }

    private static int Part(Span<byte> to, int at, byte tag, ReadOnlySpan<byte> text)
    {
        to[at++] = tag;
        at += Varint(to[at..], (uint)text.Length);
        text.CopyTo(to[at..]);
        return at + text.Length;
    }

    private static int VarintLength(int value) => value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Varint(Span<byte> to, ulong value)
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

    private void Grow(int bytes)
    {
        var begun = _segment.AsSpan(_start, _at - _start);
        NewSegment(Math.Max(UsualSegment, (begun.Length * 2) + bytes));
        begun.CopyTo(_segment);
        _at = begun.Length;
    }

    private void NewSegment(int bytes)
    {
        _segment = Buffers.Rent(bytes);
        _segments.Add(_segment);
        _start = _at = 0;
    }
}
