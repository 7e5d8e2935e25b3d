using System.Diagnostics.CodeAnalysis;

namespace Millrace.Contracts.Sketches;

// The wire form: byte version (1); byte precision; byte form (0: list, 1: registers);
//   list: varint n, then n varints: each entry (register << 6 | rank) less the one before it;
//   registers: 6 bits each, the first in the lowest bits of the first byte.
public sealed partial class HyperLogLog
{
    private const byte Version = 1;
    private const byte ListForm = 0;
    private const byte RegisterForm = 1;

    private int PackedLength => Registers / 4 * 3;

    /// <summary>Length of the wire form now.</summary>
    public int GetByteCount()
    {
        if (_dense is not null) return 3 + PackedLength;
        var size = 3 + SketchWriter.SizeOf((ulong)_sparseCount);
        var previous = 0u;
        for (var i = 0; i < _sparseCount; i++)
        {
            size += SketchWriter.SizeOf(_sparse[i] - previous);
            previous = _sparse[i];
        }

        return size;
    }

    /// <summary>Writes the wire form; equal contents give equal bytes.</summary>
    /// <param name="destination">At least <see cref="GetByteCount"/> long.</param>
    /// <returns>Bytes written.</returns>
    public int WriteTo(Span<byte> destination)
    {
        var writer = new SketchWriter(destination);
        writer.Byte(Version);
        writer.Byte((byte)Precision);
        if (_dense is { } dense)
        {
            writer.Byte(RegisterForm);
            for (var i = 0; i < Registers; i += 4)
            {
                var word = dense[i] | (dense[i + 1] << 6) | (dense[i + 2] << 12) | (dense[i + 3] << 18);
                writer.Byte((byte)word);
                writer.Byte((byte)(word >> 8));
                writer.Byte((byte)(word >> 16));
            }

            return writer.Length;
        }

        writer.Byte(ListForm);
        writer.Varint((ulong)_sparseCount);
        var previous = 0u;
        for (var i = 0; i < _sparseCount; i++)
        {
            writer.Varint(_sparse[i] - previous);
            previous = _sparse[i];
        }

        return writer.Length;
    }

    /// <summary>The wire form as an array of its own.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[GetByteCount()];
        WriteTo(bytes);
        return bytes;
    }

    /// <summary>Reads a wire form, which may come from anywhere: wrong bytes are an answer, not an exception, and cost bounded memory.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out HyperLogLog? sketch)
    {
        sketch = null;
        var reader = new SketchReader(bytes);
        if (!reader.Byte(out var version) || version != Version) return false;
        if (!reader.Byte(out var precision) || precision is < MinPrecision or > MaxPrecision || !reader.Byte(out var form)) return false;
        var read = new HyperLogLog(precision);
        var valid = form switch
        {
            ListForm => read.ReadList(ref reader),
            RegisterForm => read.ReadRegisters(ref reader),
            _ => false,
        };
        if (!valid || !reader.AtEnd) return false;
        sketch = read;
        return true;
    }

    private bool ReadList(ref SketchReader reader)
    {
        if (!reader.Varint((ulong)MaxSparse, out var count)) return false;
        var entry = 0UL;
        for (var i = 0UL; i < count; i++)
        {
            var register = entry >> RankBits;
            if (!reader.Varint(uint.MaxValue, out var delta)) return false;
            entry += delta;
            if (entry >> RankBits >= (ulong)Registers || (i > 0 && entry >> RankBits == register)) return false;
            var rank = (int)(entry & ((1 << RankBits) - 1));
            if (rank == 0 || rank > MaxRank) return false;
            Raise((int)(entry >> RankBits), rank);
        }

        return true;
    }

    private bool ReadRegisters(ref SketchReader reader)
    {
        if (!reader.Bytes(PackedLength, out var packed)) return false;
        Densify();
        var used = 0;
        for (var i = 0; i < Registers; i++)
        {
            var at = i / 4 * 3;
            var word = packed[at] | (packed[at + 1] << 8) | (packed[at + 2] << 16);
            var rank = (word >> (i % 4 * 6)) & ((1 << RankBits) - 1);
            if (rank > MaxRank) return false;
            _dense![i] = (byte)rank;
            if (rank > 0) used++;
        }

        return used > MaxSparse;
    }
}
