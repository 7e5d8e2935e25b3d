using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Millrace.Archiver.Blocks;

/// <summary>
/// Numbers distinct texts from 0 in the order in which they come. The texts stand one behind the other as ClickHouse Strings (length as LEB128,
/// bytes), so that the whole table is the dictionary of a LowCardinality column as it stands. Not thread-safe.
/// </summary>
internal sealed class Utf8Table : IDisposable
{
    // The texts are the producers': without a secret seed they could be chosen to collide.
    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private readonly PooledBuffer _texts = new(256);
    private Entry[] _entries = new Entry[16];
    private int[] _slots = new int[32]; // number + 1, 0 is free

    /// <summary>Number of distinct texts.</summary>
    public int Count { get; private set; }

    /// <summary>All texts as ClickHouse Strings.</summary>
    public ReadOnlyMemory<byte> Encoded => _texts.Memory;

    /// <summary>The text with a number.</summary>
    public ReadOnlySpan<byte> this[int number] => _texts.Span.Slice(_entries[number].Start, _entries[number].Length);

    /// <summary>The number of a text, a new one when it is new.</summary>
    public int Add(ReadOnlySpan<byte> text)
    {
        var hash = Hash(text);
        var mask = _slots.Length - 1;
        for (var at = (int)hash & mask; ; at = (at + 1) & mask)
        {
            var number = _slots[at] - 1;
            if (number < 0)
            {
                if (Count * 2 >= _slots.Length)
                {
                    Grow();
                    return Add(text);
                }

                _slots[at] = Count + 1;
                return Append(text, hash);
            }

            ref readonly var entry = ref _entries[number];
            if (entry.Hash == hash && text.SequenceEqual(_texts.Span.Slice(entry.Start, entry.Length))) return number;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _texts.Dispose();

    private int Append(ReadOnlySpan<byte> text, ulong hash)
    {
        _texts.WriteString(text);
        _entries[Count] = new Entry(hash, _texts.Length - text.Length, text.Length);
        return Count++;
    }

    private void Grow()
    {
        Array.Resize(ref _entries, _entries.Length * 2);
        _slots = new int[_slots.Length * 2];
        var mask = _slots.Length - 1;
        for (var number = 0; number < Count; number++)
        {
            var at = (int)_entries[number].Hash & mask;
            while (_slots[at] != 0) at = (at + 1) & mask;
            _slots[at] = number + 1;
        }
    }

    // Eight bytes a step, multiplied and folded as in wyhash; good enough for a table whose seed nobody outside knows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(ReadOnlySpan<byte> text)
    {
        var hash = Seed ^ (ulong)text.Length;
        while (text.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text));
            text = text[8..];
        }

        ulong tail = 0;
        for (var i = 0; i < text.Length; i++) tail |= (ulong)text[i] << (8 * i);
        return Mix(hash ^ tail);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value ^ Seed, 0x9E3779B97F4A7C15UL, out var low);
        return BitOperations.RotateLeft(high ^ low, 23);
    }

    private readonly record struct Entry(ulong Hash, int Start, int Length);
}
