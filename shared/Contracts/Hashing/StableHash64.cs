using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Millrace.Contracts.Hashing;

/// <summary>
/// A fast 64-bit hash of short texts, the same on every machine and in every version, as sketches that are merged across machines need it. Each
/// word of eight bytes is folded in by a multiplication to 128 bits whose halves are combined, so that every bit of it reaches every bit of the
/// state; the end is the finalizer of SplitMix64 (Steele, Lea and Flood, 2014). Not for tables whose keys an enemy chooses, unless the seed is secret.
/// </summary>
public static class StableHash64
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    /// <summary>Hashes bytes.</summary>
    /// <param name="data">Any number of bytes; the length counts.</param>
    /// <param name="seed">Different seeds give unrelated hashes.</param>
    public static ulong Hash(ReadOnlySpan<byte> data, ulong seed = 0)
    {
        var state = seed ^ ((ulong)(data.Length + 1) * Prime);
        while (data.Length >= 8)
        {
            state = Step(state, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        if (!data.IsEmpty) state = Step(state, Tail(data));
        return Finish(state);
    }

    /// <summary>One to seven bytes as a word.</summary>
    private static ulong Tail(ReadOnlySpan<byte> data)
    {
        if (data.Length >= 4)
        {
            // The two halves overlap, which costs nothing: the length is part of the state.
            return BinaryPrimitives.ReadUInt32LittleEndian(data) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(data[^4..]) << 32);
        }

        return data[0] | ((ulong)data[data.Length / 2] << 8) | ((ulong)data[^1] << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Step(ulong state, ulong word)
    {
        var high = Math.BigMul(state ^ word, Prime, out var low);
        return high ^ low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Finish(ulong state)
    {
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }
}
