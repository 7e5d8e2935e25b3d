using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Millrace.Contracts.Hashing;

/// <summary>
/// SipHash-1-3 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a keyed hash, so that nobody who
/// chooses ids can make two of them collide. Deterministic for a key on every machine.
/// </summary>
/// <param name="k0">First half of the key, little-endian.</param>
/// <param name="k1">Second half of the key.</param>
public readonly struct SipHash128(ulong k0, ulong k1)
{
    /// <summary>A hash keyed by a text, such as a topic's epoch.</summary>
    public static SipHash128 KeyedBy(string text)
    {
        Span<byte> digest = stackalloc byte[32];
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text), digest);
        return new SipHash128(BinaryPrimitives.ReadUInt64LittleEndian(digest), BinaryPrimitives.ReadUInt64LittleEndian(digest[8..]));
    }

    /// <summary>Hashes the three parts as one message in which their borders count.</summary>
    public UInt128 Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        var state = new State(k0, k1);
        state.Part(first);
        state.Part(second);
        state.Part(third);
        return state.Finish();
    }

    private struct State(ulong k0, ulong k1)
    {
        private ulong _v0 = k0 ^ 0x736f6d6570736575UL;
        private ulong _v1 = k1 ^ 0x646f72616e646f6dUL ^ 0xee;
        private ulong _v2 = k0 ^ 0x6c7967656e657261UL;
        private ulong _v3 = k1 ^ 0x7465646279746573UL;

        // Each part is padded to whole words and closed by its length, which is what makes ("ab","c") differ from ("a","bc").
        public void Part(ReadOnlySpan<byte> data)
        {
            var length = (ulong)data.Length;
            while (data.Length >= 8)
            {
                Word(BinaryPrimitives.ReadUInt64LittleEndian(data));
                data = data[8..];
            }

            var tail = length << 56;
            for (var i = 0; i < data.Length; i++) tail |= (ulong)data[i] << (8 * i);
            Word(tail);
        }

        public UInt128 Finish()
        {
            _v2 ^= 0xee;
            Round();
            Round();
            Round();
            var low = _v0 ^ _v1 ^ _v2 ^ _v3;
            _v1 ^= 0xdd;
            Round();
            Round();
            Round();
            return new UInt128(_v0 ^ _v1 ^ _v2 ^ _v3, low);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Word(ulong word)
        {
            _v3 ^= word;
            Round();
            _v0 ^= word;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Round()
        {
            _v0 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
