namespace Millrace.Contracts.Sketches;

/// <summary>The wire form of a <see cref="BucketStore"/>: runs of non-empty buckets, which suits a few far-apart ones as well as a dense range.</summary>
internal static class BucketRuns
{
    /// <summary>Upper bound of a store's total on the wire.</summary>
    public const ulong MaxCount = 1UL << 61;

    public static int SizeOf(BucketStore? store)
    {
        if (store is null || store.Total == 0) return 1;
        var (size, runs, next) = (0, 0, 0);
        for (var start = Skip(store, store.Lowest); start <= store.Highest; start = Skip(store, next))
        {
            size += SketchWriter.SizeOfSigned((long)start - next);
            for (next = start; next <= store.Highest && store[next] != 0; next++) size += SketchWriter.SizeOf((ulong)store[next]);
            size += SketchWriter.SizeOf((ulong)(next - start - 1));
            runs++;
        }

        return size + SketchWriter.SizeOf((ulong)runs);
    }

    public static void Write(ref SketchWriter writer, BucketStore? store)
    {
        if (store is null || store.Total == 0)
        {
            writer.Varint(0);
            return;
        }

        writer.Varint((ulong)CountRuns(store));
        var next = 0;
        for (var start = Skip(store, store.Lowest); start <= store.Highest; start = Skip(store, next))
        {
            writer.Signed((long)start - next);
            for (next = start; next <= store.Highest && store[next] != 0;) next++;
            writer.Varint((ulong)(next - start - 1));
            for (var index = start; index < next; index++) writer.Varint((ulong)store[index]);
        }
    }

    public static bool Read(ref SketchReader reader, BucketStore store, LogMapping mapping, int maxBuckets)
    {
        var (lowest, highest) = (mapping.LowestIndex, mapping.HighestIndex);
        if (!reader.Varint((ulong)maxBuckets, out var runs)) return false;
        long next = 0;
        var first = long.MaxValue;
        for (var run = 0UL; run < runs; run++)
        {
            if (!reader.Signed(out var gap) || gap < (run == 0 ? lowest : 1) || gap > (long)highest - lowest) return false;
            if (!reader.Varint((ulong)maxBuckets - 1, out var more)) return false;
            next += gap;
            first = Math.Min(first, next);
            var end = next + (long)more + 1;
            if (end - 1 > highest || end - first > maxBuckets) return false;
            for (; next < end; next++)
            {
                if (!reader.Varint(MaxCount, out var count) || count == 0 || (ulong)store.Total + count > MaxCount) return false;
                store.Add((int)next, (long)count);
            }
        }

        return true;
    }

    private static int CountRuns(BucketStore store)
    {
        var runs = 0;
        for (var index = store.Lowest; index <= store.Highest; index++)
        {
            if (store[index] != 0 && (index == store.Lowest || store[index - 1] == 0)) runs++;
        }

        return runs;
    }

    private static int Skip(BucketStore store, int index)
    {
        while (index <= store.Highest && store[index] == 0) index++;
        return index;
    }
}
