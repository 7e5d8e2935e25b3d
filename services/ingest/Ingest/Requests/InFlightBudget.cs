namespace Millrace.Ingest.Requests;

/// <summary>Bounds the bytes that all requests hold together. Thread-safe.</summary>
/// <param name="limit">Bytes.</param>
internal sealed class InFlightBudget(long limit)
{
    private long _used;

    /// <summary>Bytes taken now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes bytes; <see langword="false"/> when that would pass the limit.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit) return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
