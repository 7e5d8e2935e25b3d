using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Millrace.RealtimeGateway.Deltas;

/// <summary>
/// Makes deltas in <see cref="FossilDelta"/>'s format. Documents here are short and made of the same field names, so every position of the base is looked up
/// (not every sixteenth, as a program for files does), and short runs count. Runs begin and end between characters: what is taken as it is stays UTF-8.
/// </summary>
internal static class DeltaMaker
{
    // Shorter runs cost as much as they save: three to six digits and two signs, and the text around is cut in two.
    private const int MinRun = 8;
    private const int Window = 6;
    private const int MaxTries = 24;

    /// <summary>The delta from one document to another.</summary>
    /// <param name="source">The base. UTF-8.</param>
    /// <param name="target">What it becomes. UTF-8.</param>
    public static byte[] Make(ReadOnlySpan<byte> source, ReadOnlySpan<byte> target)
    {
        var output = new ArrayBufferWriter<byte>((target.Length / 4) + 64);
        Number(output, (uint)target.Length);
        output.Write("\n"u8);
        if (source.Length >= MinRun && target.Length >= MinRun) Compare(source, target, output);
        else Literal(output, target);
        Number(output, FossilDelta.Checksum(target));
        output.Write(";"u8);
        return output.WrittenSpan.ToArray();
    }

    private static void Compare(ReadOnlySpan<byte> source, ReadOnlySpan<byte> target, ArrayBufferWriter<byte> output)
    {
        var bits = Math.Clamp(BitOperations.Log2((uint)source.Length) + 1, 8, 16);
        var heads = ArrayPool<int>.Shared.Rent(1 << bits);
        var next = ArrayPool<int>.Shared.Rent(source.Length);
        try
        {
            heads.AsSpan(0, 1 << bits).Fill(-1);
            // From the end, so that a chain goes through the base from its beginning.
            for (var i = source.Length - Window; i >= 0; i--)
            {
                ref var head = ref heads[Hash(source[i..], bits)];
                next[i] = head;
                head = i;
            }

            Walk(source, target, heads, next, bits, output);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(heads);
            ArrayPool<int>.Shared.Return(next);
        }
    }

    private static void Walk(ReadOnlySpan<byte> source, ReadOnlySpan<byte> target, int[] heads, int[] next, int bits, ArrayBufferWriter<byte> output)
    {
        var written = 0;
        var expected = 0;
        var at = 0;
        while (at + Window <= target.Length)
        {
            var (from, length) = Longest(source, target, at, expected, heads, next, bits);
            if (length < MinRun)
            {
                at++;
                continue;
            }

            // Backwards into what would have been taken as it is.
            while (at > written && from > 0 && target[at - 1] == source[from - 1])
            {
                at--;
                from--;
                length++;
            }

            Align(target, ref at, ref from, ref length);
            if (length < MinRun)
            {
                at += Math.Max(length, 1);
                continue;
            }

            Literal(output, target[written..at]);
            Copy(output, from, length);
            at += length;
            written = at;
            expected = from + length;
        }

        Literal(output, target[written..]);
    }

    private static (int From, int Length) Longest(
        ReadOnlySpan<byte> source, ReadOnlySpan<byte> target, int at, int expected, int[] heads, int[] next, int bits)
    {
        var best = (From: -1, Length: 0);
        var rest = target[at..];
        // Numbers of one width follow one another: what stands where the last run ended comes first.
        var tries = 0;
        for (var candidate = heads[Hash(rest, bits)]; candidate >= 0 && tries < MaxTries; candidate = next[candidate], tries++)
        {
            var length = source[candidate..].CommonPrefixLength(rest);
            if (length > best.Length || (length == best.Length && Math.Abs(candidate - expected) < Math.Abs(best.From - expected))) best = (candidate, length);
        }

        return best;
    }

    // A character is not cut: its first byte is where a run begins, and where what follows it begins.
    private static void Align(ReadOnlySpan<byte> target, ref int at, ref int from, ref int length)
    {
        while (length > 0 && IsInside(target[at]))
        {
            at++;
            from++;
            length--;
        }

        while (length > 0 && at + length < target.Length && IsInside(target[at + length])) length--;
    }

    private static bool IsInside(byte value) => (value & 0xc0) == 0x80;

    private static int Hash(ReadOnlySpan<byte> bytes, int bits)
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(bytes) | ((ulong)BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) << 32);
        return (int)((value * 0x9E3779B97F4A7C15) >> (64 - bits));
    }

    private static void Copy(ArrayBufferWriter<byte> output, int from, int length)
    {
        Number(output, (uint)length);
        output.Write("@"u8);
        Number(output, (uint)from);
        output.Write(","u8);
    }

    private static void Literal(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        Number(output, (uint)bytes.Length);
        output.Write(":"u8);
        output.Write(bytes);
    }

    private static void Number(ArrayBufferWriter<byte> output, uint value)
    {
        var digits = (BitOperations.Log2(value | 1) / 6) + 1;
        var span = output.GetSpan(digits)[..digits];
        for (var i = digits - 1; i >= 0; i--)
        {
            span[i] = FossilDelta.Digits[(int)(value & 63)];
            value >>= 6;
        }

        output.Advance(digits);
    }
}
