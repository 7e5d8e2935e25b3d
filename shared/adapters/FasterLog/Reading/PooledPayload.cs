using System.Buffers;

namespace Millrace.Adapters.FasterLog.Reading;

/// <summary>A pooled buffer that several batches point into; it goes back with the last of them.</summary>
internal sealed class PooledPayload(byte[] buffer, int holders) : IDisposable
{
    private int _holders = holders;

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0) ArrayPool<byte>.Shared.Return(buffer);
    }
}
