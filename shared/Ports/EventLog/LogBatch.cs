using System.Buffers;

namespace Millrace.Ports.EventLog;

/// <summary>
/// Consecutive records of one partition, in order, over pooled memory. The reader disposes it when nothing refers to its entries any more.
/// </summary>
/// <param name="partition">Partition of every entry.</param>
/// <param name="entries">Array from <see cref="ArrayPool{T}"/>, returned on dispose; <paramref name="count"/> of it are valid.</param>
/// <param name="count">Number of entries, at least 1.</param>
/// <param name="nextOffset">Offset to commit once the batch is processed.</param>
/// <param name="payload">Owner of the bytes that the entries point into; disposed with the batch.</param>
public sealed class LogBatch(int partition, LogEntry[] entries, int count, long nextOffset, IDisposable? payload) : IDisposable
{
    private LogEntry[]? _entries = entries;

    /// <summary>Partition of every entry.</summary>
    public int Partition { get; } = partition;

    /// <summary>Number of entries, at least 1.</summary>
    public int Count { get; } = count;

    /// <summary>Offset to commit once the batch is processed: past its last entry.</summary>
    public long NextOffset { get; } = nextOffset;

    /// <summary>The entries by ascending offset.</summary>
    /// <exception cref="ObjectDisposedException">The batch is disposed.</exception>
    public ReadOnlySpan<LogEntry> Entries
    {
        get
        {
            ObjectDisposedException.ThrowIf(_entries is null, this);
            return _entries.AsSpan(0, Count);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var entries = Interlocked.Exchange(ref _entries, null);
        if (entries is null) return;
        ArrayPool<LogEntry>.Shared.Return(entries, clearArray: true);
        payload?.Dispose();
    }
}
