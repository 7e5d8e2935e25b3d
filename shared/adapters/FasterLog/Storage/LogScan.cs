using FASTER.core;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>Walks over the entries of a log that nobody writes, as FasterLog sees them. One thread at a time; every entry handed out must be released on the same thread, at once.</summary>
internal sealed class LogScan(FasterLogScanIterator iterator) : IDisposable
{
    /// <summary>Address of the next entry.</summary>
    public long NextAddress => iterator.NextAddress;

    /// <summary>The next entry's bytes, valid until <see cref="Release"/>.</summary>
    /// <exception cref="FasterException">The bytes at <see cref="NextAddress"/> are not an entry, or can't be read.</exception>
    public unsafe bool TryNext(out ReadOnlySpan<byte> entry, out long address)
    {
        if (iterator.UnsafeGetNext(out var bytes, out var length, out address, out _))
        {
            entry = new ReadOnlySpan<byte>(bytes, length);
            return true;
        }
        entry = default;
        return false;
    }

    /// <summary>Lets go of the entry of the last successful <see cref="TryNext"/>.</summary>
    public void Release() => iterator.UnsafeRelease();

    /// <inheritdoc/>
    public void Dispose() => iterator.Dispose();
}
