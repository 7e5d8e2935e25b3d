using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Millrace.Contracts.Events;

/// <summary>Steps through the fields of a Protobuf message (wire types 0, 1, 2 and 5 of the encoding specification) without copying.</summary>
public ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>Content of the current length-delimited field.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The current varint or fixed-width field as raw bits.</summary>
    public ulong Number { get; private set; }

    /// <summary>Wire type of the current field: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. A known field of another type is an unknown field.</summary>
    public int WireType { get; private set; }

    /// <summary>Bytes read so far: the current field ends here.</summary>
    public readonly int Position => _at;

    /// <summary>Whether the whole message was read; <see langword="false"/> after <see cref="Next"/> ended means that it is malformed.</summary>
    public readonly bool AtEnd => _at == _bytes.Length;

    /// <summary>Steps to the next field; <see langword="false"/> at the end and at the first malformed byte.</summary>
    public bool Next(out int field)
    {
        field = 0;
        var start = _at;
        if (start >= _bytes.Length || !Varint(out var tag)) return Stop(start);
        field = (int)(tag >> 3);
        WireType = (int)(tag & 7);
        switch (WireType)
        {
            case 0:
                if (!Varint(out var number)) return Stop(start);
                Number = number;
                return field != 0 || Stop(start);
            case 1:
                if (_bytes.Length - _at < 8) return Stop(start);
                Number = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[_at..]);
                _at += 8;
                return field != 0 || Stop(start);
            case 2:
                if (!Varint(out var length) || length > (ulong)(_bytes.Length - _at)) return Stop(start);
                Bytes = _bytes.Slice(_at, (int)length);
                _at += (int)length;
                return field != 0 || Stop(start);
            case 5:
                if (_bytes.Length - _at < 4) return Stop(start);
                Number = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[_at..]);
                _at += 4;
                return field != 0 || Stop(start);
            default:
                return Stop(start);
        }
    }

    private bool Stop(int at)
    {
        _at = at;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Varint(out ulong value)
    {
        if (_at < _bytes.Length && _bytes[_at] < 0x80)
        {
            value = _bytes[_at++];
            return true;
        }

        return LongVarint(out value);
    }

    private bool LongVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && _at < _bytes.Length; shift += 7)
        {
            var b = _bytes[_at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return true;
        }

        return false;
    }
}
