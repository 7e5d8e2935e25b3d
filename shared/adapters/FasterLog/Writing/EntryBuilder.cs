using System.Buffers;
using System.Buffers.Binary;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Writing;

/// <summary>Collects one partition's records into an entry. Belongs to the writer's thread.</summary>
internal sealed class EntryBuilder(int partition, int maxEntryBytes)
{
    private byte[] _buffer = new byte[4096];
    private int _length = EntryHeader.Size;
    private IReadOnlyDictionary<string, string>? _headers;

    /// <summary>Records collected.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the partition takes part in the current write.</summary>
    public bool Touched { get; set; }

    /// <summary>Offset of the next record to be added.</summary>
    public long Next { get; set; }

    /// <summary>Offset of the first record of the current write.</summary>
    public long First { get; set; }

    /// <summary>Log time of the current write.</summary>
    public long AppendedAtMs { get; set; }

    /// <summary>Adds a record when it fits into the entry.</summary>
    /// <returns><see langword="false"/> when the entry must be taken first, or the record is too large for any.</returns>
    public bool TryAdd(in LogRecord record, out bool tooLarge)
    {
        var length = RecordFormat.Length(record, _headers);
        tooLarge = EntryHeader.Size + length > maxEntryBytes;
        if (_length + length > maxEntryBytes) return false;
        if (_length + length > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + length));
        RecordFormat.Write(record, _headers, _buffer.AsSpan(_length, length));
        if (record.Headers is { Count: > 0 } headers) _headers = headers;
        _length += length;
        Count++;
        Next++;
        return true;
    }

    /// <summary>The finished entry; the next one begins empty. Valid until something is added.</summary>
    public ReadOnlySpan<byte> Take()
    {
        var entry = _buffer.AsSpan(0, _length);
        new EntryHeader(partition, Count, Next - Count, AppendedAtMs, IsFragment: false).Seal(entry);
        Drop();
        return entry;
    }

    /// <summary>Forgets what has been collected.</summary>
    public void Drop()
    {
        _length = EntryHeader.Size;
        _headers = null;
        Count = 0;
    }

    /// <summary>Cuts a record that is too large for an entry into pieces, each an entry of its own.</summary>
    /// <param name="record">The record.</param>
    /// <param name="emit">Takes each entry, and whether it is the first.</param>
    public void AddFragments(in LogRecord record, Action<ReadOnlySpan<byte>, bool> emit)
    {
        const int Head = EntryHeader.Size + EntryHeader.FragmentSize;
        var length = RecordFormat.Length(record, null);
        var whole = ArrayPool<byte>.Shared.Rent(length);
        var entry = ArrayPool<byte>.Shared.Rent(maxEntryBytes);
        try
        {
            RecordFormat.Write(record, null, whole.AsSpan(0, length));
            var header = new EntryHeader(partition, 1, Next, AppendedAtMs, IsFragment: true);
            for (var start = 0; start < length; start += maxEntryBytes - Head)
            {
                var bytes = whole.AsSpan(start, Math.Min(maxEntryBytes - Head, length - start));
                var piece = entry.AsSpan(0, Head + bytes.Length);
                BinaryPrimitives.WriteInt32LittleEndian(piece[EntryHeader.Size..], length);
                BinaryPrimitives.WriteInt32LittleEndian(piece[(EntryHeader.Size + 4)..], start);
                bytes.CopyTo(piece[Head..]);
                header.Seal(piece);
                emit(piece, start == 0);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
            ArrayPool<byte>.Shared.Return(entry);
        }
        Next++;
    }
}
