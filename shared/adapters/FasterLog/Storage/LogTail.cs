using System.Buffers.Binary;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>
/// The newest bytes of a log as they stand in its files, for readers near the end: written by one thread, copied out by any, without a lock. A reader that is
/// overtaken while it copies learns of it afterwards and reads the file.
/// </summary>
/// <param name="from">Address at which it begins.</param>
/// <param name="geometry">Sizes of the log; it holds <see cref="LogGeometry.MemoryPages"/>.</param>
internal sealed class LogTail(long from, LogGeometry geometry)
{
    private const long MostBytes = 1 << 30;

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min((long)geometry.PageBytes * geometry.MemoryPages, MostBytes));
    private readonly long _from = from;
    private long _end = from;

    /// <summary>Takes an entry in that FasterLog has put at an address. The writer's thread.</summary>
    public void Add(long address, ReadOnlySpan<byte> entry)
    {
        var before = _end;
        // First, and with a fence: whoever copies what is overwritten now must find out.
        Interlocked.Exchange(ref _end, address + EntryLayout.TotalOf(entry.Length));
        if (address != before && geometry.OffsetInPage(before) is > 0 and var rest && rest + EntryLayout.HeaderBytes <= geometry.PageBytes)
            Place(before, EntryLayout.HeaderBytes).Clear(); // It did not fit into the rest of its page, which stays empty.
        var placed = Place(address, EntryLayout.HeaderBytes + entry.Length);
        BinaryPrimitives.WriteInt32LittleEndian(placed[EntryLayout.LengthOffset..], entry.Length);
        entry.CopyTo(placed[EntryLayout.HeaderBytes..]);
    }

    /// <summary>Copies bytes of one page.</summary>
    /// <returns><see langword="false"/> when it has them no more, or not yet: what was copied is worth nothing.</returns>
    public bool TryRead(long address, Span<byte> destination)
    {
        if (!Has(address, destination.Length)) return false;
        Place(address, destination.Length).CopyTo(destination);
        Interlocked.MemoryBarrier();
        return Has(address, destination.Length);
    }

    private bool Has(long address, int length)
    {
        var end = Volatile.Read(ref _end);
        return address >= _from && address >= end - _bytes.Length && address + length <= end;
    }

    private Span<byte> Place(long address, int length) => _bytes.AsSpan((int)(address % _bytes.Length), length);
}
