using System.Buffers;
using System.Buffers.Binary;
using Millrace.Adapters.FasterLog.Format;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>
/// Walks over the durable entries of a log, by copies of its tail or files: FasterLog's own scan holds its epoch while an entry is read, and the writer would
/// have to wait for every reader that is at one and has no processor. One thread at a time.
/// </summary>
internal sealed class DurableScan(LogStore store, long address) : IDisposable
{
    private const int ChunkBytes = 256 << 10;

    private readonly LogGeometry _geometry = store.Geometry;
    private byte[]? _chunk;
    private long _start;
    private int _length;
    private bool _disposed;

    /// <summary>Address of the next entry, or of the empty rest of the page before it.</summary>
    public long NextAddress { get; private set; } = address;

    /// <summary>The next entry's bytes, valid until the next call.</summary>
    /// <returns><see langword="false"/> when nothing durable follows, or zeros do.</returns>
    /// <exception cref="InvalidDataException">The bytes at <see cref="NextAddress"/> are not an entry, or can't be read.</exception>
    public bool TryNext(out ReadOnlySpan<byte> entry, out long address)
    {
        entry = default;
        address = NextAddress;
        var durable = store.DurableAddress;
        if (LengthAt(address, durable) == 0) address = _geometry.NextPage(address);
        var length = LengthAt(address, durable);
        if (length == 0) return false;
        var total = EntryLayout.TotalOf(length);
        if (length < EntryHeader.Size || length > _geometry.MaxEntryBytes || _geometry.OffsetInPage(address) + total > _geometry.PageBytes || address + total > durable)
            throw new InvalidDataException($"An entry can't have {length} bytes.");
        entry = Bytes(address, total, durable).Slice(EntryLayout.HeaderBytes, length);
        NextAddress = address + total;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_chunk is not null) ArrayPool<byte>.Shared.Return(_chunk);
        store.Release();
    }

    /// <summary>The length that stands there; zero where nothing does, or no entry has room.</summary>
    private int LengthAt(long at, long durable)
    {
        if (at + EntryLayout.TotalOf(EntryHeader.Size) > durable || _geometry.OffsetInPage(at) + EntryLayout.TotalOf(EntryHeader.Size) > _geometry.PageBytes) return 0;
        return BinaryPrimitives.ReadInt32LittleEndian(Bytes(at, EntryLayout.HeaderBytes, durable)[EntryLayout.LengthOffset..]);
    }

    /// <summary>Durable bytes of one page, with as many after them as there are and fit.</summary>
    private ReadOnlySpan<byte> Bytes(long at, int length, long durable)
    {
        if (_chunk is null || at < _start || at + length > _start + _length)
        {
            _chunk ??= ArrayPool<byte>.Shared.Rent(Math.Max(ChunkBytes, EntryLayout.TotalOf(_geometry.MaxEntryBytes)));
            _length = 0;
            var take = (int)Math.Min(Math.Min(durable, _geometry.NextPage(at)) - at, _chunk.Length);
            store.Read(at, _chunk.AsSpan(0, take));
            (_start, _length) = (at, take);
        }

        return _chunk.AsSpan((int)(at - _start), length);
    }
}
