using Millrace.Ingest.Overload;

namespace Millrace.Ingest.Requests;

/// <summary>
/// Bounds the bytes that all requests hold together, and divides them by dynamic thresholds (Choudhury and Hahne, 1998): a tenant may take more while
/// it holds less than what is free. So one that takes what it can get ends at a half, n of them at 1/(n+1) each, and there is always as much free for
/// one that comes new. Thread-safe.
/// </summary>
/// <param name="limit">Bytes.</param>
internal sealed class InFlightBudget(long limit)
{
    private long _used;

    /// <summary>Bytes taken now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes bytes for a tenant; <see langword="false"/> when it holds its share, or all hold all there is.</summary>
    public bool TryTake(TenantFlow flow, long bytes)
    {
        if (flow.Memory >= limit - Used) return false;
        if (Interlocked.Add(ref _used, bytes) <= limit)
        {
            flow.AddMemory(bytes);
            return true;
        }

        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(TenantFlow flow, long bytes)
    {
        flow.AddMemory(-bytes);
        Interlocked.Add(ref _used, -bytes);
    }
}
