using Millrace.Aggregator.Engine;
using Xunit;

namespace Millrace.Aggregator.Tests.Engine;

public sealed class DuplicateMemoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000)]
    [InlineData(5_000)]
    public void Filter_warmed_from_the_noted_offset_reaches_the_same_verdicts(int capacity)
    {
        var random = new Random(capacity);
        var log = new List<(UInt128 Id, long Offset)>();
        var offset = 0L;
        for (var i = 0; i < 4 * capacity + 100; i++) log.Add(((UInt128)random.Next(Math.Max(2, capacity)), offset += random.Next(1, 4)));
        var running = new DuplicateMemory(capacity, TimeSpan.FromHours(1));
        for (var at = 0; at < log.Count; at++)
        {
            if (random.Next(log.Count / 20 + 1) == 0 && running.WarmFrom is { } from) AssertSame(log, capacity, at, from);
            running.Observe(log[at].Id, log[at].Offset, 0);
        }

        // It is not earlier than it must be by more than a small share.
        Assert.NotNull(running.WarmFrom);
        Assert.InRange(log.Count(e => e.Offset >= running.WarmFrom), capacity, capacity + (capacity / 400) + 2);
    }

    private static void AssertSame(List<(UInt128 Id, long Offset)> log, int capacity, int at, long from)
    {
        var whole = new DuplicateMemory(capacity, TimeSpan.FromHours(1));
        var warmed = new DuplicateMemory(capacity, TimeSpan.FromHours(1));
        for (var i = 0; i < Math.Min(log.Count, at + capacity); i++)
        {
            var expected = whole.Observe(log[i].Id, log[i].Offset, 0);
            if (log[i].Offset < from) continue;
            var actual = warmed.Observe(log[i].Id, log[i].Offset, 0);
            if (i >= at) Assert.Equal(expected, actual);
        }
    }
}
