namespace Millrace.Adapters.FasterLog.Format;

/// <summary>
/// Which partition a key belongs to: FNV-1a (64 bit) with the finaliser of MurmurHash3, which spreads what FNV leaves in the low bits.
/// Part of the data format: a change would send a key's records to another partition.
/// </summary>
internal static class KeyHash
{
    /// <summary>Partition of a key.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitions)
    {
        if (partitions == 1) return 0;
        var hash = 14695981039346656037UL;
        foreach (var b in key) hash = (hash ^ b) * 1099511628211UL;
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        hash ^= hash >> 33;
        hash *= 0xc4ceb9fe1a85ec53UL;
        hash ^= hash >> 33;
        return (int)(hash % (uint)partitions);
    }
}
