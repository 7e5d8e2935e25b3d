using Millrace.Archiver.Pipeline;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

public sealed class DuplicateMemoryTests
{
    [Fact]
    public void WarmFrom_at_any_record_lets_a_new_filter_reach_the_same_verdicts()
    {
        const int capacity = 3_000;
        const int records = 20_000;
        // Offsets with gaps; ids that repeat at many distances around the capacity.
        long OffsetOf(int i) => (i * 7L) + (i % 5);
        UInt128 IdOf(int i) => (UInt128)(i % 11 == 0 ? i / 2 : (i * 7919L) % 6_000) + 1;
        var first = new DuplicateMemory(capacity, TimeSpan.FromHours(1));
        var verdicts = new bool[records];
        var warm = new long?[records];
        for (var i = 0; i < records; i++)
        {
            warm[i] = first.WarmFrom;
            verdicts[i] = first.Observe(IdOf(i), OffsetOf(i), 1000 + i);
        }

        Assert.Contains(true, verdicts);
        for (var start = 500; start < records; start += 1_111)
        {
            var later = new DuplicateMemory(capacity, TimeSpan.FromHours(1));
            for (var i = 0; i < records; i++)
            {
                if (OffsetOf(i) < (warm[start] ?? 0)) continue;
                var verdict = later.Observe(IdOf(i), OffsetOf(i), 1000 + i);
                if (i >= start) Assert.Equal(verdicts[i], verdict);
            }
        }

        // A restart reads little more than the capacity.
        Assert.InRange((OffsetOf(records - 1) - warm[^1]!.Value) / 7, capacity, capacity + 10);
    }

    [Fact]
    public void WarmFrom_fewer_records_than_the_capacity_is_unset()
    {
        var memory = new DuplicateMemory(10, TimeSpan.FromHours(1));
        for (var i = 0; i < 9; i++) memory.Observe((UInt128)i, i, i);

        Assert.Null(memory.WarmFrom);
    }
}
