using Millrace.Contracts.Events;
using Xunit;

namespace Millrace.Contracts.Tests;

public sealed class DuplicateFilterTests
{
    private static readonly TimeSpan _horizon = TimeSpan.FromSeconds(10);

    [Fact]
    public void Observe_same_id_within_capacity_and_horizon_is_duplicate()
    {
        var filter = new DuplicateFilter(3, _horizon);
        Assert.False(filter.Observe(1, 0));
        Assert.True(filter.Observe(1, 10_000));
    }

    [Fact]
    public void Observe_same_id_past_the_horizon_is_new()
    {
        var filter = new DuplicateFilter(3, _horizon);
        filter.Observe(1, 0);
        Assert.False(filter.Observe(1, 10_001));
    }

    [Fact]
    public void Observe_same_id_past_the_capacity_is_new()
    {
        var filter = new DuplicateFilter(2, _horizon);
        filter.Observe(1, 0);
        filter.Observe(2, 0);
        filter.Observe(3, 0);
        Assert.False(filter.Observe(1, 0));
    }

    [Fact]
    public void Observe_repetition_keeps_the_id_remembered()
    {
        var filter = new DuplicateFilter(100, _horizon);
        filter.Observe(1, 0);
        Assert.True(filter.Observe(1, 8_000));
        Assert.True(filter.Observe(1, 16_000));
    }

    [Theory]
    [InlineData(1, 7, 50)]
    [InlineData(2, 1_500, 400)]
    [InlineData(3, 5_000, 20_000)]
    [InlineData(4, 1, 3)]
    public void Observe_random_log_agrees_with_the_definition(int seed, int capacity, int ids)
    {
        var random = new Random(seed);
        var filter = new DuplicateFilter(capacity, _horizon);
        var log = new List<(UInt128 Id, long At)>();
        var now = 0L;
        for (var i = 0; i < 20_000; i++)
        {
            now += random.Next(20) == 0 ? random.Next(3_000) : random.Next(3);
            // Few distinct low halves: probe sequences get long and wrap around.
            var n = (ulong)random.Next(ids);
            var id = new UInt128(n, n % 16);
            Assert.Equal(IsDuplicate(log, id, now, capacity), filter.Observe(id, now));
            log.Add((id, now));
            Assert.True(filter.Count <= capacity + 1);
        }
    }

    [Fact]
    public void Observe_filter_started_one_capacity_earlier_agrees_with_one_that_never_stopped()
    {
        var random = new Random(5);
        var log = Enumerable.Range(0, 10_000).Select(i => (Id: (UInt128)random.Next(2_000), At: (long)i * 3)).ToList();
        const int capacity = 1_000;
        var whole = new DuplicateFilter(capacity, _horizon);
        var verdicts = log.Select(record => whole.Observe(record.Id, record.At)).ToList();
        foreach (var start in new[] { 1_000, 4_321, 9_999 })
        {
            var late = new DuplicateFilter(capacity, _horizon);
            for (var i = start - capacity; i < start; i++) late.Observe(log[i].Id, log[i].At);
            for (var i = start; i < log.Count; i++) Assert.Equal(verdicts[i], late.Observe(log[i].Id, log[i].At));
        }
    }

    [Fact]
    public void Observe_steady_state_allocates_nothing()
    {
        var filter = new DuplicateFilter(1_000, _horizon);
        for (var i = 0; i < 5_000; i++) filter.Observe((UInt128)i, i);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 5_000; i < 50_000; i++) filter.Observe((UInt128)i, i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // The definition, word for word: the same id among the last `capacity` records, not older than the horizon.
    private static bool IsDuplicate(List<(UInt128 Id, long At)> log, UInt128 id, long now, int capacity)
    {
        for (var i = log.Count - 1; i >= 0 && i >= log.Count - capacity; i--)
        {
            if (log[i].At < now - (long)_horizon.TotalMilliseconds) return false;
            if (log[i].Id == id) return true;
        }

        return false;
    }
}
