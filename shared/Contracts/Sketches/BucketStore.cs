using System.Buffers;

namespace Millrace.Contracts.Sketches;

/// <summary>
/// Counts by bucket index, dense over the range in use. When the range would exceed the bound, the lowest buckets collapse into the lowest one
/// kept, so what remains depends on the multiset of indexes alone and not on their order. Arrays come from the shared pool.
/// </summary>
internal sealed class BucketStore(int maxBuckets)
{
    private const int MinimumLength = 64;

    private long[] _counts = [];
    private int _offset; // bucket index of _counts[0]

    /// <summary>Sum of all counts.</summary>
    public long Total { get; private set; }

    /// <summary>Lowest bucket index in use; above <see cref="Highest"/> when there is none.</summary>
    public int Lowest { get; private set; } = int.MaxValue;

    /// <summary>Highest bucket index in use.</summary>
    public int Highest { get; private set; } = int.MinValue;

    public long this[int index] => _counts[index - _offset];

    public void Add(int index, long count = 1)
    {
        if (index < Lowest || index > Highest) index = Cover(index);
        _counts[index - _offset] += count;
        Total += count;
    }

    public void Merge(BucketStore other)
    {
        if (other.Total == 0) return;
        // Covering both ends first makes room once.
        var (low, high) = (other.Lowest, other.Highest);
        if (high > Highest) Cover(high);
        if (low < Lowest) Cover(low);
        for (var index = low; index <= high; index++)
        {
            var count = other._counts[index - other._offset];
            if (count != 0) _counts[Math.Max(index, Lowest) - _offset] += count;
        }

        Total += other.Total;
    }

    /// <summary>Empties the store and gives its array back.</summary>
    public void Clear()
    {
        if (_counts.Length > 0) ArrayPool<long>.Shared.Return(_counts);
        _counts = [];
        Total = 0;
        Lowest = int.MaxValue;
        Highest = int.MinValue;
    }

    /// <summary>Extends the range to an index, collapsing what falls below the bound; answers with the index that now stands for it.</summary>
    private int Cover(int index)
    {
        var high = Math.Max(Highest, index);
        var low = Math.Max(Math.Min(Lowest, index), high - maxBuckets + 1);
        if (low < _offset || high >= _offset + _counts.Length) Move(low, high);
        else if (low > Lowest) Collapse(low);
        Lowest = low;
        Highest = high;
        return Math.Max(index, low);
    }

    private void Collapse(int low)
    {
        var sum = 0L;
        for (var index = Lowest; index < low && index <= Highest; index++)
        {
            sum += _counts[index - _offset];
            _counts[index - _offset] = 0;
        }

        _counts[low - _offset] += sum;
    }

    private void Move(int low, int high)
    {
        var range = high - low + 1;
        var counts = ArrayPool<long>.Shared.Rent(Math.Max(Math.Min(range * 2, maxBuckets), MinimumLength));
        Array.Clear(counts);
        // Room is left on both sides: later values may go either way.
        var offset = low - ((counts.Length - range) / 2);
        for (var index = Lowest; index <= Highest; index++) counts[Math.Max(index, low) - offset] += _counts[index - _offset];
        if (_counts.Length > 0) ArrayPool<long>.Shared.Return(_counts);
        _counts = counts;
        _offset = offset;
    }
}
