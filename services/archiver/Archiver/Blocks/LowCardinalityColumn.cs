using System.Buffers.Binary;

namespace Millrace.Archiver.Blocks;

/// <summary>
/// A <c>LowCardinality(String)</c> column of ClickHouse's Native format: a dictionary of the block's distinct texts and, for each row, an index
/// into it as narrow as the dictionary allows.
/// </summary>
internal sealed class LowCardinalityColumn : IDisposable
{
    // SerializationLowCardinality: version 1 = shared dictionaries with additional keys; of the flags, bit 9 says that this block brings its own
    // keys and bit 10 that they replace earlier ones.
    private const long KeysVersion = 1;
    private const long OwnKeys = (1 << 9) | (1 << 10);
    private readonly Utf8Table _keys = new();
    private int[] _rows = new int[1024];
    private int _last = -1;

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>Appends a row.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        if (_last < 0 || !text.SequenceEqual(_keys[_last])) _last = _keys.Add(text);
        if (Count == _rows.Length) Array.Resize(ref _rows, Count * 2);
        _rows[Count++] = _last;
    }

    /// <summary>Writes what stands before the column's data.</summary>
    public static void WritePrefix(PooledBuffer to) => to.WriteInt64(KeysVersion);

    /// <summary>Writes the column's data; nothing for no rows.</summary>
    public void WriteData(PooledBuffer to)
    {
        if (Count == 0) return;
        var width = _keys.Count <= 1 << 8 ? 0 : _keys.Count <= 1 << 16 ? 1 : 2;
        to.WriteInt64(OwnKeys | (long)width);
        to.WriteInt64(_keys.Count);
        to.Write(_keys.Encoded.Span);
        to.WriteInt64(Count);
        var span = to.Append(Count << width);
        switch (width)
        {
            case 0:
                for (var i = 0; i < Count; i++) span[i] = (byte)_rows[i];
                break;
            case 1:
                for (var i = 0; i < Count; i++) BinaryPrimitives.WriteUInt16LittleEndian(span[(i * 2)..], (ushort)_rows[i]);
                break;
            default:
                for (var i = 0; i < Count; i++) BinaryPrimitives.WriteInt32LittleEndian(span[(i * 4)..], _rows[i]);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _keys.Dispose();
}
