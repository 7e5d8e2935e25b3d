using System.Buffers.Binary;

namespace Millrace.Adapters.Kafka.Producing;

/// <summary>
/// Austin Appleby's MurmurHash2 as Kafka's own clients use it to choose the partition of a key; the same that the producer is told to use
/// (<c>partitioner=murmur2</c>).
/// </summary>
internal static class Murmur2
{
    private const uint Seed = 0x9747b28c;
    private const uint M = 0x5bd1e995;
    private const int R = 24;

    /// <summary>Partition of a key.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (int)(Hash(key) & 0x7fffffff) % partitions;

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        unchecked
        {
            var hash = Seed ^ (uint)key.Length;
            for (; key.Length >= 4; key = key[4..])
            {
                var word = BinaryPrimitives.ReadUInt32LittleEndian(key) * M;
                word = (word ^ (word >> R)) * M;
                hash = (hash * M) ^ word;
            }

            if (key.Length > 2) hash ^= (uint)key[2] << 16;
            if (key.Length > 1) hash ^= (uint)key[1] << 8;
            if (key.Length > 0) hash = (hash ^ key[0]) * M;
            hash = (hash ^ (hash >> 13)) * M;
            return hash ^ (hash >> 15);
        }
    }
}
