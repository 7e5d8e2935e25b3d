using Millrace.Contracts.Events;

namespace Millrace.Aggregator.Engine;

/// <summary>The duplicate filter of a partition, and the offset from which a later one must read to reach the same verdicts.</summary>
internal sealed class DuplicateMemory
{
    // The start found is early by at most this share of the capacity.
    private const int Marks = 1024;

    private readonly DuplicateFilter _filter;
    private readonly long[] _offsets;
    private readonly int _step;
    private readonly int _needed;
    private int _untilMark;
    private long _marks;

    public DuplicateMemory(int capacity, TimeSpan horizon)
    {
        _filter = new DuplicateFilter(capacity, horizon);
        _step = Math.Max(1, capacity / Marks);
        // So many marks back lie at least as many records as the capacity.
        _needed = (capacity / _step) + 1;
        _offsets = new long[_needed + 1];
    }

    public int Count => _filter.Count;

    /// <summary>
    /// At least as many records as the filter's capacity lie between here and what was read. Offsets may have gaps, so it can't be computed, only
    /// noted. <see langword="null"/> while fewer were read: then only the horizon bounds the start.
    /// </summary>
    public long? WarmFrom => _marks > _needed ? _offsets[(_marks - 1 - _needed) % _offsets.Length] : null;

    /// <summary>Notes the next record and says whether it repeats an earlier one.</summary>
    public bool Observe(UInt128 id, long offset, long appendedAtMs)
    {
        if (--_untilMark <= 0)
        {
            _offsets[_marks++ % _offsets.Length] = offset;
            _untilMark = _step;
        }

        return _filter.Observe(id, appendedAtMs);
    }
}
