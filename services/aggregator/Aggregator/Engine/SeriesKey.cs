using System.Buffers.Binary;
using Millrace.Contracts.Events;

namespace Millrace.Aggregator.Engine;

/// <summary>
/// Builds the bytes that identify a series inside its stream: a kind, the type, and each groupBy dimension's value in declared order, each text
/// after its length (two bytes). A dimension that an event lacks is empty. One buffer, reused.
/// </summary>
internal sealed class SeriesKey
{
    public const byte Own = 0;

    /// <summary>All further series of a type.</summary>
    public const byte OtherOfType = 1;

    /// <summary>All further series of all further types.</summary>
    public const byte Other = 2;

    private byte[] _buffer = new byte[256];
    private (int Offset, int Length)[] _values = new (int, int)[4];
    private int _length;

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    public void Build(ref readonly EventView e, ReadOnlySpan<byte> bytes, byte[][] groupBy)
    {
        Start(Own);
        Append(e.Type);
        if (groupBy.Length == 0) return;
        if (_values.Length < groupBy.Length) _values = new (int, int)[groupBy.Length];
        Array.Clear(_values);
        foreach (var dim in e.Dims)
        {
            for (var i = 0; i < groupBy.Length; i++)
            {
                // Spans can't be kept in an array, positions in the event can. An empty value overlaps nothing and stays empty.
                if (dim.Name.SequenceEqual(groupBy[i])) _values[i] = bytes.Overlaps(dim.Value, out var at) ? (at, dim.Value.Length) : default;
            }
        }

        for (var i = 0; i < groupBy.Length; i++) Append(bytes.Slice(_values[i].Offset, _values[i].Length));
    }

    public void BuildOther(ReadOnlySpan<byte> type)
    {
        Start(OtherOfType);
        Append(type);
    }

    public void BuildOther() => Start(Other);

    /// <summary>Takes the next text off a key.</summary>
    public static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> key)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(key);
        var text = key.Slice(2, length);
        key = key[(2 + length)..];
        return text;
    }

    private void Start(byte kind)
    {
        _buffer[0] = kind;
        _length = 1;
    }

    private void Append(ReadOnlySpan<byte> text)
    {
        // The contract's limits are far below; what exceeded them anyway is cut, never misread.
        if (text.Length > ushort.MaxValue) text = text[..ushort.MaxValue];
        if (_length + 2 + text.Length > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + 2 + text.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(_length), (ushort)text.Length);
        text.CopyTo(_buffer.AsSpan(_length + 2));
        _length += 2 + text.Length;
    }
}
