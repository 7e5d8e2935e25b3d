using System.Buffers.Binary;

namespace Millrace.Contracts.Sketches;

/// <summary>Reads what <see cref="SketchWriter"/> wrote, from bytes that may be anything: each read says whether it succeeded.</summary>
internal ref struct SketchReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public bool Byte(out byte value)
    {
        value = 0;
        if (_rest.IsEmpty) return false;
        value = _rest[0];
        _rest = _rest[1..];
        return true;
    }

    public bool Double(out double value)
    {
        value = 0;
        if (_rest.Length < sizeof(double)) return false;
        value = BinaryPrimitives.ReadDoubleLittleEndian(_rest);
        _rest = _rest[sizeof(double)..];
        return true;
    }

    public bool Varint(out ulong value)
    {
        value = 0;
        for (var i = 0; i < _rest.Length && i < SketchWriter.MaxVarint; i++)
        {
            var b = _rest[i];
            // The tenth byte holds the 64th bit alone; a closing zero byte would be a second form of the same number.
            if ((i == 9 && b > 1) || (i > 0 && b == 0)) return false;
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return true;
        }

        return false;
    }

    public bool Varint(ulong max, out ulong value) => Varint(out value) && value <= max;

    public bool Signed(out long value)
    {
        var read = Varint(out var raw);
        value = (long)(raw >> 1) ^ -(long)(raw & 1);
        return read;
    }

    public bool Bytes(int count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (_rest.Length < count) return false;
        bytes = _rest[..count];
        _rest = _rest[count..];
        return true;
    }
}
