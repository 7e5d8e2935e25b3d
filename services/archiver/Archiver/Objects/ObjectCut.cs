using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Millrace.Archiver.Blocks;
using Millrace.Archiver.Pipeline;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Objects;

/// <summary>
/// A cut on its way to the object store: the records' bytes as they stand on the log, grouped by tenant, stream and hour of the event, which is
/// how they become objects.
/// </summary>
internal sealed class ObjectCut(int partition) : Cut(partition)
{
    private const int ChunkBytes = 1 << 20;
    private const long HourMs = 3_600_000;
    private readonly List<byte[]> _chunks = [];
    private readonly List<Record> _records = [];
    private readonly List<Group> _groups = [];
    private readonly Utf8Table _groupKeys = new();
    private readonly PooledBuffer _key = new(256);
    private int _used = ChunkBytes;
    private int _lastGroup = -1;
    private long _lastHour;

    /// <summary>The objects-to-be, in the order in which their first events came.</summary>
    public IReadOnlyList<Group> Groups => _groups;

    /// <summary>The records of a group, in log order.</summary>
    public IEnumerable<(ReadOnlyMemory<byte> Bytes, bool Late)> RecordsOf(int group)
    {
        for (var at = _groups[group].Head; at >= 0; at = _records[at].Next)
            yield return (_chunks[_records[at].Chunk].AsMemory(_records[at].Start, _records[at].Length), _records[at].Late);
    }

    /// <inheritdoc/>
    protected override void Append(in EventView view, in LogEntry entry, bool late)
    {
        var group = GroupOf(view);
        var bytes = entry.Value.Span;
        var at = _records.Count;
        _records.Add(Store(bytes) with { Late = late });
        var found = _groups[group];
        if (found.Tail >= 0) _records[found.Tail] = _records[found.Tail] with { Next = at };
        _groups[group] = found with
        {
            Rows = found.Rows + 1,
            Head = found.Head < 0 ? at : found.Head,
            Tail = at,
            Earliest = Math.Min(found.Earliest, view.TimeMs),
            Latest = Math.Max(found.Latest, view.TimeMs),
        };
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        foreach (var chunk in _chunks) ArrayPool<byte>.Shared.Return(chunk);
        _chunks.Clear();
        _groupKeys.Dispose();
        _key.Dispose();
    }

    private Record Store(ReadOnlySpan<byte> bytes)
    {
        if (_used + bytes.Length > ChunkBytes)
        {
            // An event larger than a chunk has a chunk of its own.
            _chunks.Add(ArrayPool<byte>.Shared.Rent(Math.Max(ChunkBytes, bytes.Length)));
            _used = 0;
        }

        bytes.CopyTo(_chunks[^1].AsSpan(_used));
        var record = new Record(_chunks.Count - 1, _used, bytes.Length, -1);
        _used += bytes.Length;
        return record;
    }

    private int GroupOf(in EventView view)
    {
        var hour = (long)Math.Floor((double)view.TimeMs / HourMs);
        _key.Clear();
        _key.WriteString(view.Tenant);
        _key.Write(view.Stream);
        // Events of a stream mostly come together.
        if (_lastGroup >= 0 && hour == _lastHour && _groupKeys[_lastGroup][..^8].SequenceEqual(_key.Span)) return _lastGroup;
        BinaryPrimitives.WriteInt64LittleEndian(_key.Append(8), hour);
        _lastHour = hour;
        _lastGroup = _groupKeys.Add(_key.Span);
        if (_lastGroup == _groups.Count)
            _groups.Add(new Group(
                Encoding.UTF8.GetString(view.Tenant), Encoding.UTF8.GetString(view.Stream), hour * HourMs, 0, -1, -1, long.MaxValue, long.MinValue));
        return _lastGroup;
    }

    /// <summary>The events of one object.</summary>
    /// <param name="Tenant">Their tenant.</param>
    /// <param name="Stream">Their stream.</param>
    /// <param name="HourMs">Begin of their hour, event time.</param>
    /// <param name="Rows">How many.</param>
    /// <param name="Head">First record.</param>
    /// <param name="Tail">Last record.</param>
    /// <param name="Earliest">Least event time.</param>
    /// <param name="Latest">Greatest event time.</param>
    internal readonly record struct Group(string Tenant, string Stream, long HourMs, int Rows, int Head, int Tail, long Earliest, long Latest);

    private readonly record struct Record(int Chunk, int Start, int Length, int Next, bool Late = false);
}
