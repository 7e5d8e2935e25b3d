using System.Buffers.Binary;
using System.Numerics;

namespace Millrace.Aggregator.Output;

/// <summary>Writes fields of a Protobuf message (field numbers up to 15) into a span that is known to be long enough.</summary>
internal ref struct WireWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public readonly Span<byte> Rest => _buffer[Length..];

    public void Advance(int count) => Length += count;

    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer[Length..]);
        Length += bytes.Length;
    }

    public void Number(int field, ulong value)
    {
        _buffer[Length++] = (byte)(field << 3);
        Varint(value);
    }

    public void Number(int field, long value) => Number(field, (ulong)value);

    public void Double(int field, double value)
    {
        _buffer[Length++] = (byte)((field << 3) | 1);
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer[Length..], value);
        Length += sizeof(double);
    }

    /// <summary>Begins a length-delimited field; the caller writes as many bytes next.</summary>
    public void Delimited(int field, int length)
    {
        _buffer[Length++] = (byte)((field << 3) | 2);
        Varint((ulong)length);
    }

    public void Bytes(int field, scoped ReadOnlySpan<byte> bytes)
    {
        Delimited(field, bytes.Length);
        Raw(bytes);
    }

    public static int SizeOf(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _buffer[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[Length++] = (byte)value;
    }
}
