namespace Millrace.RealtimeGateway.Channels;

/// <summary>What many things of a kind hold together. Thread-safe.</summary>
internal sealed class MemoryBudget
{
    private long _count;
    private long _bytes;

    /// <summary>Things kept.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Memory that they hold.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(int count, long bytes)
    {
        Interlocked.Add(ref _count, count);
        Interlocked.Add(ref _bytes, bytes);
    }
}
