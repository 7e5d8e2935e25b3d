using System.Buffers;
using System.Buffers.Binary;

namespace Millrace.Archiver.Blocks;

/// <summary>A growing run of bytes over a pooled array. Not thread-safe.</summary>
internal sealed class PooledBuffer(int capacity = 4096) : IBufferWriter<byte>, IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <summary>A stream that reads what was written; valid until the next write.</summary>
    public MemoryStream OpenRead() => new(_bytes, 0, Length, writable: false);

    /// <summary>Appends room for so many bytes and answers with it.</summary>
    public Span<byte> Append(int count)
    {
        if (_bytes.Length - Length < count) Grow(count);
        var span = _bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Append(bytes.Length));

    /// <summary>Appends a length as LEB128 and the bytes: ClickHouse's String.</summary>
    public void WriteString(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 0x80)
        {
            var span = Append(bytes.Length + 1);
            span[0] = (byte)bytes.Length;
            bytes.CopyTo(span[1..]);
            return;
        }

        WriteVarint((uint)bytes.Length);
        Write(bytes);
    }

    /// <summary>Appends an unsigned number as LEB128.</summary>
    public void WriteVarint(uint value)
    {
        while (value >= 0x80)
        {
            Append(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }

        Append(1)[0] = (byte)value;
    }

    /// <summary>Appends a number in 8 bytes, little-endian.</summary>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Append(8), value);

    /// <summary>Appends a double in 8 bytes, little-endian.</summary>
    public void WriteDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Append(8), value);

    /// <summary>Forgets what was written and keeps the memory.</summary>
    public void Clear() => Length = 0;

    void IBufferWriter<byte>.Advance(int count) => Length += count;

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        if (_bytes.Length - Length < Math.Max(sizeHint, 1)) Grow(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint)
    {
        if (_bytes.Length - Length < Math.Max(sizeHint, 1)) Grow(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var bytes = _bytes;
        _bytes = [];
        Length = 0;
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
    }

    private void Grow(int count)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(checked((int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)Length + count))));
        _bytes.AsSpan(0, Length).CopyTo(bytes);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = bytes;
    }
}
