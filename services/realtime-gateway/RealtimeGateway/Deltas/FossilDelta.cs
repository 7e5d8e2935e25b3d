using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Millrace.RealtimeGateway.Deltas;

/// <summary>
/// The delta format of Fossil (https://fossil-scm.org/home/doc/trunk/www/delta_format.wiki): <c>size\n</c>, then <c>length@offset,</c> (copy from the base) and
/// <c>length:bytes</c> (take these) in any order, then <c>checksum;</c>. Numbers are in base 64. Made here: <see cref="DeltaMaker"/>.
/// </summary>
internal static class FossilDelta
{
    /// <summary>Digits of numbers.</summary>
    public static ReadOnlySpan<byte> Digits => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"u8;

    /// <summary>Puts the target together from its base.</summary>
    /// <param name="source">The base.</param>
    /// <param name="delta">The delta.</param>
    /// <param name="maxLength">Largest target that is made.</param>
    /// <param name="target">The target.</param>
    /// <returns><see langword="false"/> when the delta is malformed, too large, or of another base.</returns>
    public static bool TryApply(ReadOnlySpan<byte> source, ReadOnlySpan<byte> delta, int maxLength, [NotNullWhen(true)] out byte[]? target)
    {
        target = null;
        if (!TryNumber(ref delta, out var size) || size > (uint)maxLength || !TryTake(ref delta, (byte)'\n')) return false;
        var result = new byte[size];
        var at = 0;
        while (TryNumber(ref delta, out var count) && !delta.IsEmpty)
        {
            var op = delta[0];
            delta = delta[1..];
            switch (op)
            {
                case (byte)'@':
                    if (!TryNumber(ref delta, out var offset) || !TryTake(ref delta, (byte)',')) return false;
                    if (count > size - at || (ulong)offset + count > (ulong)source.Length) return false;
                    source.Slice((int)offset, (int)count).CopyTo(result.AsSpan(at));
                    at += (int)count;
                    break;
                case (byte)':':
                    if (count > size - at || count > delta.Length) return false;
                    delta[..(int)count].CopyTo(result.AsSpan(at));
                    delta = delta[(int)count..];
                    at += (int)count;
                    break;
                case (byte)';':
                    if (at != size || !delta.IsEmpty || count != Checksum(result)) return false;
                    target = result;
                    return true;
                default:
                    return false;
            }
        }

        return false;
    }

    /// <summary>Sum of the bytes as big-endian words of 32 bits, the last one filled up with zeros.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (; bytes.Length >= 4; bytes = bytes[4..]) sum += BinaryPrimitives.ReadUInt32BigEndian(bytes);
        for (var i = 0; i < bytes.Length; i++) sum += (uint)bytes[i] << (24 - (8 * i));
        return sum;
    }

    // No digit at all is 0, as the format's own programs read it.
    private static bool TryNumber(ref ReadOnlySpan<byte> text, out uint value)
    {
        ulong number = 0;
        var digits = 0;
        for (; digits < text.Length && Digits.IndexOf(text[digits]) is var digit and >= 0; digits++)
        {
            number = (number << 6) + (uint)digit;
            if (number <= uint.MaxValue) continue;
            value = 0;
            return false;
        }

        text = text[digits..];
        value = (uint)number;
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> text, byte expected)
    {
        if (text.IsEmpty || text[0] != expected) return false;
        text = text[1..];
        return true;
    }
}
