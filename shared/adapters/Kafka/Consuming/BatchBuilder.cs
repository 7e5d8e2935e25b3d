using System.Buffers;
using Confluent.Kafka;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>Collects what is fetched into batches, one a partition, whose records share an <see cref="Arena"/>. One thread.</summary>
internal sealed class BatchBuilder
{
    private const int MaxRecords = 8192;
    private const int FirstCapacity = 64 << 10;

    private readonly ArenaDeserializer _deserializer;
    private readonly Dictionary<int, List<Pending>> _pending = [];
    private readonly HeaderReader _headers = new();
    private readonly int _maxBytes;
    private Arena _arena;
    private int _records;

    public BatchBuilder(ArenaDeserializer deserializer, int maxBytes)
    {
        _deserializer = deserializer;
        _maxBytes = Math.Max(1, maxBytes);
        _arena = NewArena();
    }

    /// <summary>Whether nothing has been collected.</summary>
    public bool IsEmpty => _records == 0;

    /// <summary>Whether a batch should be made before more is added.</summary>
    public bool IsFull => _records >= MaxRecords || _arena.Length >= _maxBytes;

    /// <summary>Takes a record whose bytes were just put into the arena. What does not fit beside the others makes a batch of those first.</summary>
    /// <param name="result">The record.</param>
    /// <param name="appendedAtMs">Its log time.</param>
    /// <param name="ready">Receives batches.</param>
    public void Add(ConsumeResult<Slice, Slice> result, long appendedAtMs, Action<LogBatch> ready)
    {
        var key = result.Message.Key;
        var value = result.Message.Value;
        if (_records > 0 && _arena.Length > _maxBytes)
        {
            var previous = _arena;
            var keyBytes = previous.Memory(key);
            var valueBytes = previous.Memory(value);
            var arena = NewArena(key.Length + value.Length);
            key = arena.Add(keyBytes.Span);
            value = arena.Add(valueBytes.Span);
            previous.CutTo(previous.Length - key.Length - value.Length);
            Flush(previous, ready);
            _arena = arena;
        }

        if (!_pending.TryGetValue(result.Partition.Value, out var list)) _pending[result.Partition.Value] = list = [];
        list.Add(new Pending(result.Offset.Value, appendedAtMs, key, value, _headers.Read(result.Message.Headers)));
        _records++;
    }

    /// <summary>Gives a record's bytes back whose partition is not ours any more.</summary>
    public void Discard(ConsumeResult<Slice, Slice> result) => _arena.CutTo(_arena.Length - result.Message.Key.Length - result.Message.Value.Length);

    /// <summary>Makes batches of what has been collected.</summary>
    public void Flush(Action<LogBatch> ready)
    {
        if (IsEmpty) return;
        var arena = _arena;
        Flush(arena, ready);
        _arena = NewArena(arena.Length);
    }

    /// <summary>Forgets what was collected of a partition.</summary>
    public void Drop(int partition)
    {
        if (!_pending.TryGetValue(partition, out var list)) return;
        _records -= list.Count;
        list.Clear();
    }

    /// <summary>Gives the memory back; nothing may be added any more.</summary>
    public void Release() => _arena.Dispose();

    private void Flush(Arena arena, Action<LogBatch> ready)
    {
        foreach (var (partition, list) in _pending)
        {
            if (list.Count == 0) continue;
            var entries = ArrayPool<LogEntry>.Shared.Rent(list.Count);
            for (var i = 0; i < list.Count; i++)
            {
                var one = list[i];
                entries[i] = new LogEntry(one.Offset, one.AppendedAtMs, arena.Memory(one.Key), arena.Memory(one.Value), one.Headers);
            }

            arena.Hold();
            ready(new LogBatch(partition, entries, list.Count, list[^1].Offset + 1, arena));
            list.Clear();
        }

        _records = 0;
        arena.Dispose();
    }

    private Arena NewArena(int expected = 0) => _deserializer.Arena = new Arena(Math.Max(Math.Min(expected, _maxBytes), FirstCapacity));

    private readonly record struct Pending(long Offset, long AppendedAtMs, Slice Key, Slice Value, IReadOnlyDictionary<string, string>? Headers);
}
