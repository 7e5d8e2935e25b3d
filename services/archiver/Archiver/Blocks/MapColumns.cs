namespace Millrace.Archiver.Blocks;

/// <summary>
/// The two maps of an event in ClickHouse's Native format, where a Map is an array of pairs: the running end of each row's pairs, all keys, all
/// values.
/// </summary>
internal sealed class MapColumns : IDisposable
{
    private readonly PooledBuffer _ends = new();
    private readonly LowCardinalityColumn _keys = new();
    private readonly PooledBuffer _values = new();

    /// <summary>Adds a pair to the current row; its value is written to <see cref="Values"/> by the caller.</summary>
    public void AddKey(ReadOnlySpan<byte> key) => _keys.Add(key);

    /// <summary>The values of all pairs.</summary>
    public PooledBuffer Values => _values;

    /// <summary>Ends the current row.</summary>
    public void EndRow() => _ends.WriteInt64(_keys.Count);

    /// <summary>Writes the column.</summary>
    public void WriteTo(PooledBuffer to)
    {
        LowCardinalityColumn.WritePrefix(to);
        to.Write(_ends.Span);
        _keys.WriteData(to);
        to.Write(_values.Span);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ends.Dispose();
        _keys.Dispose();
        _values.Dispose();
    }
}
