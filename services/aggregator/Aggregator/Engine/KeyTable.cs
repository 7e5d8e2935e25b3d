using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Millrace.Contracts.Hashing;

namespace Millrace.Aggregator.Engine;

/// <summary>Something that is looked up by bytes.</summary>
internal abstract class Keyed
{
    private byte[] _key = [];
    private int _keyLength;

    public ulong Hash { get; private set; }

    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    public ReadOnlyMemory<byte> KeyMemory => _key.AsMemory(0, _keyLength);

    /// <summary>Takes a copy of a key; the object must be in no table.</summary>
    public void SetKey(ReadOnlySpan<byte> key, ulong hash)
    {
        if (_key.Length < key.Length) _key = new byte[key.Length];
        key.CopyTo(_key);
        _keyLength = key.Length;
        Hash = hash;
    }
}

/// <summary>
/// Objects by UTF-8 key: open addressing with linear probing, at most half full. Keys come from tenants, so the hash is seeded by a secret;
/// nothing may depend on the order of slots.
/// </summary>
internal sealed class KeyTable<T>
    where T : Keyed
{
    private const int MinimumSlots = 4;

    private Slot[] _slots = new Slot[MinimumSlots];

    public int Count { get; private set; }

    /// <summary>All entries, in no order.</summary>
    public IEnumerable<T> Entries
    {
        get
        {
            foreach (var slot in _slots)
            {
                if (slot.Entry is { } entry) yield return entry;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong HashOf(ReadOnlySpan<byte> key) => StableHash64.Hash(key, KeySeed.Value);

    public bool TryGet(ReadOnlySpan<byte> key, ulong hash, [NotNullWhen(true)] out T? entry)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        for (var at = (int)hash & mask; ; at = (at + 1) & mask)
        {
            entry = slots[at].Entry;
            if (entry is null) return false;
            if (slots[at].Hash == hash && key.SequenceEqual(entry.Key)) return true;
        }
    }

    /// <summary>Adds an entry whose key is not in the table.</summary>
    public void Add(T entry)
    {
        if (++Count * 2 > _slots.Length) Resize(_slots.Length * 2);
        Place(_slots, entry);
    }

    /// <summary>Removes an entry that is in the table.</summary>
    public void Remove(T entry)
    {
        var mask = _slots.Length - 1;
        var hole = (int)entry.Hash & mask;
        while (!ReferenceEquals(_slots[hole].Entry, entry)) hole = (hole + 1) & mask;
        // Backward-shift deletion keeps probe sequences unbroken without tombstones.
        for (var next = (hole + 1) & mask; _slots[next].Entry is not null; next = (next + 1) & mask)
        {
            var home = (int)_slots[next].Hash & mask;
            if (((next - home) & mask) < ((next - hole) & mask)) continue;
            _slots[hole] = _slots[next];
            hole = next;
        }

        _slots[hole] = default;
        Count--;
        // Halving at an eighth leaves room to both sides, so that a changing load does not resize for ever.
        if (_slots.Length > MinimumSlots && Count * 8 < _slots.Length) Resize(_slots.Length / 2);
    }

    private void Resize(int length)
    {
        var slots = new Slot[length];
        foreach (var slot in _slots)
        {
            if (slot.Entry is { } entry) Place(slots, entry);
        }

        _slots = slots;
    }

    private static void Place(Slot[] slots, T entry)
    {
        var mask = slots.Length - 1;
        var at = (int)entry.Hash & mask;
        while (slots[at].Entry is not null) at = (at + 1) & mask;
        slots[at] = new Slot { Hash = entry.Hash, Entry = entry };
    }

    private struct Slot
    {
        public ulong Hash;
        public T? Entry;
    }
}

/// <summary>The secret of this process.</summary>
internal static class KeySeed
{
    public static readonly ulong Value = BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));
}
