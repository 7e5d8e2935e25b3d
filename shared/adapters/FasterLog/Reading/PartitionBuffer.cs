using System.Buffers;
using System.Buffers.Binary;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Reading;

/// <summary>Copies of consecutive entries of one partition, on their way to becoming batches.</summary>
internal sealed class PartitionBuffer(int partition)
{
    private const int LengthPrefix = 4;
    private const int Smallest = 4096;

    private byte[]? _buffer;
    private int _length;
    private int _records;

    /// <summary>Whether nothing has been collected.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Copies an entry that has been verified.</summary>
    public void Add(ReadOnlySpan<byte> entry, int records)
    {
        entry.CopyTo(Reserve(entry.Length));
        _records += records;
    }

    /// <summary>Room for one entry of a single record that comes in pieces; the caller fills all of it by <see cref="Last"/>.</summary>
    public Span<byte> Reserve(int length)
    {
        Grow(LengthPrefix + length);
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_length), length);
        _length += LengthPrefix + length;
        return Last(length);
    }

    /// <summary>The entry reserved last.</summary>
    public Span<byte> Last(int length) => _buffer.AsSpan(_length - length, length);

    /// <summary>The record that came in pieces is complete.</summary>
    public void KeepLast() => _records++;

    /// <summary>The record that came in pieces will not be complete.</summary>
    public void DropLast(int length) => _length -= LengthPrefix + length;

    /// <summary>Turns what was collected into batches of at most so many payload bytes, beginning at an offset; the buffer is empty afterwards.</summary>
    public void Drain(long fromOffset, int maxBatchBytes, Queue<LogBatch> ready)
    {
        if (IsEmpty) return;
        var buffer = _buffer!;
        var entries = ArrayPool<LogEntry>.Shared.Rent(_records);
        var count = Parse(buffer, entries, fromOffset);
        _buffer = null;
        _length = _records = 0;
        if (count == 0)
        {
            ArrayPool<LogEntry>.Shared.Return(entries, clearArray: true);
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }
        Split(buffer, entries, count, maxBatchBytes, ready);
    }

    /// <summary>Gives the buffer back.</summary>
    public void Drop()
    {
        if (_buffer is not null) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _length = _records = 0;
    }

    private int Parse(byte[] buffer, LogEntry[] entries, long fromOffset)
    {
        var count = 0;
        for (var start = 0; start < _length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(start));
            var entry = buffer.AsMemory(start + LengthPrefix, length);
            start += LengthPrefix + length;
            var header = EntryHeader.Read(entry.Span);
            IReadOnlyDictionary<string, string>? headers = null;
            var at = EntryHeader.Size;
            for (var i = 0; i < header.Count; i++)
            {
                var record = RecordFormat.Read(entry, ref at, header.BaseOffset + i, header.AppendedAtMs, ref headers);
                if (record.Offset >= fromOffset) entries[count++] = record;
            }
        }
        return count;
    }

    private void Split(byte[] buffer, LogEntry[] entries, int count, int maxBatchBytes, Queue<LogBatch> ready)
    {
        List<int>? cuts = null;
        var bytes = 0L;
        for (var i = 0; i < count; i++)
        {
            var size = entries[i].Key.Length + entries[i].Value.Length;
            if (bytes > 0 && bytes + size > maxBatchBytes)
            {
                (cuts ??= []).Add(i);
                bytes = 0;
            }
            bytes += size;
        }
        if (cuts is null)
        {
            ready.Enqueue(new LogBatch(partition, entries, count, entries[count - 1].Offset + 1, new PooledPayload(buffer, 1)));
            return;
        }
        cuts.Add(count);
        var payload = new PooledPayload(buffer, cuts.Count);
        var first = 0;
        foreach (var cut in cuts)
        {
            var part = ArrayPool<LogEntry>.Shared.Rent(cut - first);
            entries.AsSpan(first, cut - first).CopyTo(part);
            ready.Enqueue(new LogBatch(partition, part, cut - first, entries[cut - 1].Offset + 1, payload));
            first = cut;
        }
        ArrayPool<LogEntry>.Shared.Return(entries, clearArray: true);
    }

    private void Grow(int more)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(Math.Max(Smallest, more));
        if (_buffer.Length - _length >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + more));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
