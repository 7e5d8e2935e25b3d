namespace Millrace.Aggregator.Engine;

/// <summary>Rows for reuse. Keeps a bounded number; what exceeds it goes to the garbage collector.</summary>
internal sealed class RowPool
{
    private const int Kept = 50_000;

    private readonly Stack<Row> _rows = new();

    /// <summary>Rows in use.</summary>
    public int Rented { get; private set; }

    public Row Rent()
    {
        Rented++;
        return _rows.TryPop(out var row) ? row : new Row();
    }

    public void Return(Row row)
    {
        Rented--;
        row.Reset();
        if (_rows.Count < Kept) _rows.Push(row);
    }
}
