using Millrace.Archiver.Pipeline;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Blocks;

/// <summary>
/// One block of events in ClickHouse's Native format, encoded column by column straight from the records' bytes. The layout is that of
/// ClickHouse's <c>Native</c> output without protocol revision: for each column its name, its type, and the data of all rows.
/// </summary>
internal sealed class EventBlock(int partition) : Cut(partition)
{
    private readonly LowCardinalityColumn _tenant = new();
    private readonly LowCardinalityColumn _stream = new();
    private readonly LowCardinalityColumn _type = new();
    private readonly PooledBuffer _id = new();
    private readonly PooledBuffer _source = new();
    private readonly PooledBuffer _time = new();
    private readonly PooledBuffer _receivedAt = new();
    private readonly MapColumns _dims = new();
    private readonly MapColumns _values = new();
    private readonly PooledBuffer _noGeo = new();
    private readonly PooledBuffer _lat = new();
    private readonly PooledBuffer _lon = new();
    private readonly PooledBuffer _data = new();
    private readonly PooledBuffer _late = new();

    /// <summary>Event times in milliseconds since 1970, row by row.</summary>
    public ReadOnlySpan<long> Times => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(_time.Span);

    /// <inheritdoc/>
    protected override void Append(in EventView view, in LogEntry entry, bool late)
    {
        _tenant.Add(view.Tenant);
        _stream.Add(view.Stream);
        _type.Add(view.Type);
        _id.WriteString(view.Id);
        _source.WriteString(view.Source);
        _time.WriteInt64(view.TimeMs);
        _receivedAt.WriteInt64(view.ReceivedAtMs);
        foreach (var dim in view.Dims)
        {
            _dims.AddKey(dim.Name);
            _dims.Values.WriteString(dim.Value);
        }

        _dims.EndRow();
        foreach (var value in view.Values)
        {
            _values.AddKey(value.Name);
            _values.Values.WriteDouble(value.Value);
        }

        _values.EndRow();
        _noGeo.Append(1)[0] = view.HasGeo ? (byte)0 : (byte)1;
        _lat.WriteDouble(view.Lat);
        _lon.WriteDouble(view.Lon);
        _data.WriteString(view.Data);
        _late.Append(1)[0] = late ? (byte)1 : (byte)0;
    }

    /// <summary>Writes the block.</summary>
    /// <param name="to">Receives it.</param>
    /// <param name="cutId">The number of this cut, the same in every row.</param>
    /// <param name="plan">Which tables each row is meant for.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task WriteToAsync(Stream to, ulong cutId, TargetPlan plan, CancellationToken cancellationToken)
    {
        using var buffer = new PooledBuffer(64 * 1024);
        buffer.WriteVarint((uint)EventColumns.All.Count);
        buffer.WriteVarint((uint)Rows);
        foreach (var column in EventColumns.All)
        {
            buffer.WriteString(column.NameUtf8);
            buffer.WriteString(column.TypeUtf8);
            WriteColumn(buffer, column.Name, cutId, plan);
            if (buffer.Length < 64 * 1024) continue;
            await to.WriteAsync(buffer.Memory, cancellationToken);
            buffer.Clear();
        }

        await to.WriteAsync(buffer.Memory, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        foreach (IDisposable part in (ReadOnlySpan<IDisposable>)
            [_tenant, _stream, _type, _id, _source, _time, _receivedAt, _dims, _values, _noGeo, _lat, _lon, _data, _late])
            part.Dispose();
    }

    private void WriteColumn(PooledBuffer to, string name, ulong cutId, TargetPlan plan)
    {
        switch (name)
        {
            case EventColumns.Tenant: WriteLowCardinality(to, _tenant); break;
            case EventColumns.Stream: WriteLowCardinality(to, _stream); break;
            case EventColumns.Type: WriteLowCardinality(to, _type); break;
            case EventColumns.Id: to.Write(_id.Span); break;
            case EventColumns.Source: to.Write(_source.Span); break;
            case EventColumns.Time: to.Write(_time.Span); break;
            case EventColumns.ReceivedAt: to.Write(_receivedAt.Span); break;
            case EventColumns.Dims: _dims.WriteTo(to); break;
            case EventColumns.Values: _values.WriteTo(to); break;
            case EventColumns.Lat: WriteNullable(to, _lat); break;
            case EventColumns.Lon: WriteNullable(to, _lon); break;
            case EventColumns.Data: to.Write(_data.Span); break;
            case EventColumns.Late: to.Write(_late.Span); break;
            case EventColumns.Cut: System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(to.Append(Rows * 8)).Fill(cutId); break;
            case EventColumns.Targets: plan.Fill(to.Append(Rows), Times); break;
            default: throw new InvalidOperationException($"No data for column {name}.");
        }
    }

    private static void WriteLowCardinality(PooledBuffer to, LowCardinalityColumn column)
    {
        LowCardinalityColumn.WritePrefix(to);
        column.WriteData(to);
    }

    private void WriteNullable(PooledBuffer to, PooledBuffer values)
    {
        to.Write(_noGeo.Span);
        to.Write(values.Span);
    }
}
