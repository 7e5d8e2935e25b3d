using Millrace.Ingest.Overload;
using Millrace.Ingest.Requests;
using Xunit;

namespace Millrace.Ingest.Tests.Overload;

/// <summary>The bounds in bytes: memory and the log's queue.</summary>
public sealed class LimitsTests
{
    private const long Mega = 1 << 20;

    [Fact]
    public void Memory_of_one_tenant_ends_at_half_and_others_find_room()
    {
        var budget = new InFlightBudget(64 * Mega);
        var noisy = new TenantFlow("noisy");
        var taken = 0;
        while (budget.TryTake(noisy, Mega)) taken++;
        Assert.Equal(32, taken);

        var quiet = Enumerable.Range(0, 4).Select(i => new TenantFlow($"{i}")).ToArray();
        foreach (var flow in quiet) Assert.True(budget.TryTake(flow, Mega));
        Assert.False(budget.TryTake(noisy, 1));

        // As what it holds ends, it comes down to its share.
        for (var i = 0; i < 8; i++) budget.Return(noisy, Mega);
        Assert.True(budget.TryTake(noisy, Mega));
    }

    [Fact]
    public void Memory_never_passes_its_limit_and_a_tenant_below_its_share_is_never_refused()
    {
        for (var seed = 1; seed <= 50; seed++)
        {
            var random = new Random(seed);
            var limit = 64 * Mega;
            var budget = new InFlightBudget(limit);
            var greedy = new TenantFlow("greedy");
            var modest = new TenantFlow("modest");
            var held = new Queue<long>();
            for (var i = 0; i < 2_000; i++)
            {
                var bytes = random.NextInt64(1, Mega);
                if (budget.TryTake(greedy, bytes)) held.Enqueue(bytes);
                if (random.Next(3) == 0 && held.TryDequeue(out var done)) budget.Return(greedy, done);
                // A quarter is what is left to one beside one that takes all it can.
                var wanted = random.NextInt64(1, (limit / 4) - Mega);
                Assert.True(budget.TryTake(modest, wanted), $"Seed {seed}: {wanted} with {greedy.Memory} taken.");
                Assert.InRange(budget.Used, 0, limit);
                budget.Return(modest, wanted);
            }
        }
    }

    [Fact]
    public void Window_of_the_log_shrinks_while_every_append_is_slow_and_grows_when_it_is_wanted()
    {
        var window = new LogWindow(TimeSpan.FromMilliseconds(100));
        var start = window.Bytes;
        var now = 0.0;
        window.Observe(TimeSpan.FromMilliseconds(5), now);

        // A burst: one slow append among quick ones is no queue.
        for (var i = 0; i < 100; i++) window.Observe(TimeSpan.FromMilliseconds(i % 2 == 0 ? 500 : 20), now += 0.01);
        Assert.Equal(start, window.Bytes);

        for (var i = 0; i < 1_000; i++) window.Observe(TimeSpan.FromMilliseconds(300), now += 0.01);
        Assert.Equal(LogWindow.Least, window.Bytes);

        for (var i = 0; i < 20_000; i++)
        {
            window.Wanted();
            window.Observe(TimeSpan.FromMilliseconds(5), now += 0.01);
        }

        Assert.Equal(LogWindow.Most, window.Bytes);
    }

    [Fact]
    public void Log_that_is_far_away_is_not_taken_for_one_that_is_full()
    {
        var window = new LogWindow(TimeSpan.FromMilliseconds(100));
        var start = window.Bytes;
        for (var i = 0; i < 10_000; i++) window.Observe(TimeSpan.FromMilliseconds(200 + (i % 50)), i * 0.01);
        Assert.Equal(start, window.Bytes);
    }
}
