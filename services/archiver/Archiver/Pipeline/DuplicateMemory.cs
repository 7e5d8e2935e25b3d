using Millrace.Contracts.Events;

namespace Millrace.Archiver.Pipeline;

/// <summary>The duplicate filter of one partition, and where a later one must start reading to reach the same verdicts.</summary>
internal sealed class DuplicateMemory
{
    private readonly DuplicateFilter _filter;
    private readonly long _capacity;
    private readonly long _step;
    private readonly Queue<(long Number, long Offset)> _marks = [];
    private long _number;

    public DuplicateMemory(int capacity, TimeSpan horizon)
    {
        _filter = new DuplicateFilter(capacity, horizon);
        _capacity = capacity;
        _step = Math.Max(1, capacity / 1024);
    }

    /// <summary>
    /// An offset from which a filter that reads up to here remembers all it can: at least as many records as its capacity lie between. Offsets
    /// may have gaps, so it can't be computed, only noted. <see langword="null"/> while fewer records were read: then only the horizon bounds it.
    /// </summary>
    public long? WarmFrom => _marks.TryPeek(out var mark) && _number - mark.Number >= _capacity ? mark.Offset : null;

    /// <summary>Notes the next record and says whether it repeats an earlier one.</summary>
    public bool Observe(UInt128 id, long offset, long appendedAtMs)
    {
        if (_number % _step == 0)
        {
            _marks.Enqueue((_number, offset));
            // Two marks past the capacity: the older one is of no use.
            while (_marks.Count > 1 && _number - _marks.ElementAt(1).Number >= _capacity) _marks.Dequeue();
        }

        _number++;
        return _filter.Observe(id, appendedAtMs);
    }
}
