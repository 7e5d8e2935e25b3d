using System.Buffers.Binary;
using System.Numerics;

namespace Millrace.Contracts.Sketches;

/// <summary>Appends the little-endian and varint fields of a sketch to a span that is known to be long enough.</summary>
internal ref struct SketchWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Longest form of a varint.</summary>
    public const int MaxVarint = 10;

    public void Byte(byte value) => _buffer[Length++] = value;

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer[Length..], value);
        Length += sizeof(double);
    }

    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _buffer[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[Length++] = (byte)value;
    }

    public void Signed(long value) => Varint(((ulong)value << 1) ^ (ulong)(value >> 63));

    /// <summary>How many bytes a varint takes.</summary>
    public static int SizeOf(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>How many bytes a signed varint takes.</summary>
    public static int SizeOfSigned(long value) => SizeOf(((ulong)value << 1) ^ (ulong)(value >> 63));
}
