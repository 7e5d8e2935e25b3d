namespace Millrace.Contracts.Events;

/// <summary>
/// Decides which records of one partition repeat an earlier one. The verdict is a pure function of the partition's log: a record is a
/// duplicate when the same id stands on one of the <c>capacity</c> records before it that is no more than <c>horizon</c> of log time older.
/// Whether that earlier record was itself a duplicate does not matter, so a reader that starts <c>capacity</c> records or one <c>horizon</c>
/// earlier (whichever is nearer) reaches the same verdicts as one that never stopped. Not thread-safe.
/// </summary>
/// <remarks>Memory: at most 40 bytes a remembered record, growing with use and bounded by the capacity.</remarks>
public sealed class DuplicateFilter
{
    /// <summary>Default horizon in log time: 10 minutes.</summary>
    public static readonly TimeSpan DefaultHorizon = TimeSpan.FromMinutes(10);

    /// <summary>Default capacity in records of a partition: 2 million.</summary>
    public const int DefaultCapacity = 2_000_000;

    private readonly int _capacity;
    private readonly long _horizonMs;
    private Slot[] _ring = new Slot[1024];
    private int[] _table = new int[2048]; // ring index + 1, 0 is free
    private int _head;
    private int _count;

    /// <summary>Creates an empty filter.</summary>
    /// <param name="capacity">Records to remember, at least 1.</param>
    /// <param name="horizon">Log time to remember, at least one second.</param>
    public DuplicateFilter(int capacity, TimeSpan horizon)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, TimeSpan.FromSeconds(1));
        _capacity = capacity;
        _horizonMs = (long)horizon.TotalMilliseconds;
    }

    /// <summary>Records remembered now, at most one more than the capacity.</summary>
    public int Count => _count;

    /// <summary>Notes the next record of the partition and says whether it repeats an earlier one.</summary>
    /// <param name="id">Hash of tenant, stream, source and id, see <see cref="EventIdentity"/>.</param>
    /// <param name="appendedAtMs">The record's log time; never smaller than that of the record before.</param>
    public bool Observe(UInt128 id, long appendedAtMs)
    {
        while (_count > 0 && (_count > _capacity || _ring[_head].AppendedAtMs < appendedAtMs - _horizonMs)) Forget();
        if (_count == _ring.Length) Grow();
        var index = (_head + _count) & (_ring.Length - 1);
        _ring[index] = new Slot(id, appendedAtMs);
        _count++;
        return Point(id, index);
    }

    private bool Point(UInt128 id, int index)
    {
        var mask = _table.Length - 1;
        for (var at = (int)(ulong)id & mask; ; at = (at + 1) & mask)
        {
            if (_table[at] == 0)
            {
                _table[at] = index + 1;
                return false;
            }

            if (_ring[_table[at] - 1].Id != id) continue;
            _table[at] = index + 1;
            return true;
        }
    }

    private void Forget()
    {
        var id = _ring[_head].Id;
        var mask = _table.Length - 1;
        var at = (int)(ulong)id & mask;
        while (_ring[_table[at] - 1].Id != id) at = (at + 1) & mask;
        // A newer record of the same id keeps the entry alive.
        if (_table[at] - 1 == _head) Remove(at, mask);
        _head = (_head + 1) & (_ring.Length - 1);
        _count--;
    }

    // Backward-shift deletion (Knuth, TAOCP vol. 3, 6.4, algorithm R) keeps probe sequences unbroken without tombstones.
    private void Remove(int hole, int mask)
    {
        for (var next = (hole + 1) & mask; _table[next] != 0; next = (next + 1) & mask)
        {
            var home = (int)(ulong)_ring[_table[next] - 1].Id & mask;
            if (((next - home) & mask) < ((next - hole) & mask)) continue;
            _table[hole] = _table[next];
            hole = next;
        }

        _table[hole] = 0;
    }

    private void Grow()
    {
        var ring = new Slot[_ring.Length * 2];
        for (var i = 0; i < _count; i++) ring[i] = _ring[(_head + i) & (_ring.Length - 1)];
        _ring = ring;
        _head = 0;
        _table = new int[ring.Length * 2];
        for (var i = 0; i < _count; i++) Point(ring[i].Id, i);
    }

    private readonly record struct Slot(UInt128 Id, long AppendedAtMs);
}
