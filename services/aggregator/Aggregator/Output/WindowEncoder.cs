using Millrace.Aggregator.Engine;

namespace Millrace.Aggregator.Output;

/// <summary>
/// Encodes a window as <see cref="Contracts.Protos.Window"/>, field by field: one window is emitted for every few events, and the generated
/// classes would cost an object for each part of it.
/// </summary>
internal static class WindowEncoder
{
    // Tags, lengths and numbers of a window besides its parts: 9 numbers of at most 11 bytes, one length.
    private const int WindowOverhead = 120;

    // Of a value: its own header, name header, count, 7 doubles, sketch header.
    private const int ValueOverhead = 100;

    // Of a geo cell: headers and count.
    private const int CellOverhead = 20;

    private static readonly double[] _quantiles = [0.5, 0.95, 0.99];

    private static ReadOnlySpan<byte> OtherCell => "__other__"u8;

    /// <summary>How many bytes <see cref="Encode"/> may need.</summary>
    public static int MaxLength(in WindowChange change)
    {
        var content = change.Content;
        var length = WindowOverhead + change.Series.Prefix.Length + (content.Sources?.GetByteCount() ?? 0);
        foreach (ref readonly var value in content.Values) length += ValueOverhead + value.Name.Length + value.Sketch.GetByteCount();
        if (content.Geo is { } geo) length += (geo.Count + 1) * (CellOverhead + Geohash.MaxPrecision);
        return length;
    }

    /// <summary>Writes the window.</summary>
    /// <returns>Bytes written.</returns>
    public static int Encode(in WindowChange change, Span<byte> buffer)
    {
        var content = change.Content;
        var writer = new WireWriter(buffer);
        writer.Raw(change.Series.Prefix);
        writer.Number(5, change.StartMs);
        writer.Number(6, change.EndMs);
        writer.Number(7, change.Revision);
        if (change.Final) writer.Number(8, 1);
        writer.Number(9, change.UpdatedAtMs);
        writer.Number(10, content.Count);
        if (content.Sources is { } sources)
        {
            writer.Number(11, sources.Estimate());
            writer.Delimited(12, sources.GetByteCount());
            writer.Advance(sources.WriteTo(writer.Rest));
        }

        foreach (ref readonly var value in content.Values) Value(ref writer, in value);
        if (content.Geo is { } geo) Cells(ref writer, geo, change.Stream.Settings.GeoPrecision);
        writer.Number(15, content.NewestMs);
        return writer.Length;
    }

    private static void Value(ref WireWriter writer, ref readonly ValueSlot value)
    {
        Span<double> quantiles = stackalloc double[3];
        value.Sketch.Quantiles(_quantiles, quantiles);
        var sketch = value.Sketch.GetByteCount();
        var name = (ReadOnlySpan<byte>)value.Name;
        writer.Delimited(13, 1 + WireWriter.SizeOf((ulong)name.Length) + name.Length + 1 + WireWriter.SizeOf((ulong)value.Count)
            + (7 * 9) + 1 + WireWriter.SizeOf((ulong)sketch) + sketch);
        writer.Bytes(1, name);
        writer.Number(2, value.Count);
        writer.Double(3, Finite(value.Sum));
        writer.Double(4, value.Min);
        writer.Double(5, value.Max);
        writer.Double(6, value.Last);
        // The extremes are known exactly, so an estimate is never outside them.
        for (var i = 0; i < quantiles.Length; i++) writer.Double(7 + i, Math.Clamp(quantiles[i], value.Min, value.Max));
        writer.Delimited(10, sketch);
        writer.Advance(value.Sketch.WriteTo(writer.Rest));
    }

    // Readers turn windows into JSON, which has no infinity.
    private static double Finite(double sum) => double.IsNaN(sum) ? 0 : Math.Clamp(sum, double.MinValue, double.MaxValue);

    private static void Cells(ref WireWriter writer, GeoCells geo, int precision)
    {
        Span<byte> text = stackalloc byte[Geohash.MaxPrecision];
        text = text[..precision];
        for (var i = 0; i < geo.Count; i++)
        {
            Geohash.Format(geo.CellAt(i), text);
            Cell(ref writer, text, geo.CountAt(i));
        }

        if (geo.Other > 0) Cell(ref writer, OtherCell, geo.Other);
    }

    private static void Cell(ref WireWriter writer, scoped ReadOnlySpan<byte> text, long count)
    {
        writer.Delimited(14, 2 + text.Length + 1 + WireWriter.SizeOf((ulong)count));
        writer.Bytes(1, text);
        writer.Number(2, count);
    }
}
