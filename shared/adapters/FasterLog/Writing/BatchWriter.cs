using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Writing;

/// <summary>Turns a group of appends into entries, one or more for each partition, and commits them together. Belongs to the writer's thread.</summary>
internal sealed class BatchWriter
{
    private readonly Partition[] _partitions;
    private readonly SparseIndex _index;
    private readonly TimeProvider _time;
    private readonly EntryBuilder[] _builders;
    private readonly Action<ReadOnlySpan<byte>, bool> _emit;
    private readonly long[] _enqueuedNext;
    private readonly long[] _enqueuedMs;
    private LogStore? _store;
    private bool _storeFailed;

    public BatchWriter(Partition[] partitions, SparseIndex index, LogGeometry geometry, TimeProvider time)
    {
        _partitions = partitions;
        _index = index;
        _time = time;
        _builders = [.. partitions.Select((_, p) => new EntryBuilder(p, geometry.MaxEntryBytes))];
        _emit = Emit;
        _enqueuedNext = new long[partitions.Length];
        _enqueuedMs = new long[partitions.Length];
    }

    /// <summary>By partition: offset and log time reached, as of the last commit.</summary>
    public (long[] Next, long[] LastMs) State => (_enqueuedNext, _enqueuedMs);

    /// <summary>Begins anew after recovery.</summary>
    public void Reset(LogStore store)
    {
        _store = store;
        _storeFailed = false;
        for (var p = 0; p < _partitions.Length; p++)
        {
            _builders[p].Drop();
            _builders[p].Touched = false;
            _enqueuedNext[p] = _builders[p].Next = _partitions[p].DurableNext;
            _enqueuedMs[p] = _partitions[p].LastMs;
        }
    }

    /// <summary>Writes one call's records. A fault of the call's own is left in the operation; a failing store throws.</summary>
    public int Add(AppendOperation operation)
    {
        var added = 0;
        try
        {
            var records = operation.Records.Span;
            var positions = operation.Positions.Span;
            foreach (ref readonly var record in records)
            {
                var partition = KeyHash.Partition(record.Key.Span, _partitions.Length);
                var builder = _builders[partition];
                if (!builder.Touched) Touch(partition, builder);
                if (!builder.TryAdd(record, out var tooLarge))
                {
                    if (builder.Count > 0) Emit(builder.Take(), true);
                    if (tooLarge) builder.AddFragments(record, _emit);
                    else builder.TryAdd(record, out _);
                }
                if (!positions.IsEmpty) positions[added] = new LogPosition(partition, builder.Next - 1);
                added++;
            }
        }
#pragma warning disable CA1031 // The caller's memory may be anything, even disposed: that must not take other callers' appends down.
        catch (Exception e) when (!_storeFailed)
#pragma warning restore CA1031
        {
            operation.Fault = e;
        }
        return added;
    }

    /// <summary>Hands what is left over to the store and makes all durable.</summary>
    public void Commit()
    {
        foreach (var builder in _builders)
        {
            if (builder.Count > 0) Emit(builder.Take(), true);
        }
        var durable = _store!.Commit();
        // Before the records can be read: a reader may commit them at once, and must not be told that they are not there yet.
        for (var p = 0; p < _builders.Length; p++)
        {
            var builder = _builders[p];
            if (!builder.Touched) continue;
            builder.Touched = false;
            _partitions[p].Published(builder.First, builder.Next, builder.AppendedAtMs);
        }
        _store.Publish(durable);
    }

    private void Touch(int partition, EntryBuilder builder)
    {
        builder.Touched = true;
        builder.First = builder.Next;
        builder.AppendedAtMs = _partitions[partition].BeginWrite(_time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private void Emit(ReadOnlySpan<byte> entry, bool first)
    {
        _storeFailed = true;
        var address = _store!.Enqueue(entry);
        _storeFailed = false;
        if (first) _index.Offer(address, _enqueuedNext, _enqueuedMs);
        var header = EntryHeader.Read(entry);
        _enqueuedNext[header.Partition] = header.BaseOffset + header.Count;
        _enqueuedMs[header.Partition] = header.AppendedAtMs;
    }
}
