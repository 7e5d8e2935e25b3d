using Millrace.Alerting.Evaluation;
using Xunit;

namespace Millrace.Alerting.Tests.Evaluation;

public sealed class StreamClockTests
{
    [Fact]
    public void MoveTo_an_end_counts_only_after_the_log_has_moved_on()
    {
        var clock = new StreamClock();
        clock.Saw(10_000, logMs: 50_000);

        Assert.False(clock.MoveTo(50_999));
        Assert.True(clock.MoveTo(51_000));
        Assert.Equal(10_000, clock.CompleteThroughMs);
        Assert.False(clock.MoveTo(60_000));
    }

    [Fact]
    public void MoveTo_many_ends_in_a_moment_each_counts_at_its_time()
    {
        var clock = new StreamClock();
        for (var i = 0; i < 10; i++) clock.Saw(1000 * (i + 1), logMs: 50_000 + (i * 100));

        clock.MoveTo(51_450);

        Assert.Equal(5000, clock.CompleteThroughMs);
    }

    [Fact]
    public void Saw_an_older_end_changes_nothing()
    {
        var clock = new StreamClock();
        clock.Saw(10_000, 50_000);
        clock.Saw(9_000, 50_100);

        clock.MoveTo(52_000);

        Assert.Equal(10_000, clock.CompleteThroughMs);
    }

    [Fact]
    public void SilenceLimitMs_a_live_window_waits_for_its_final_form()
    {
        var clock = new StreamClock();
        clock.Saw(10_000, 50_000);
        clock.SawOpen(12_000, 50_100);

        Assert.Equal(10_000, clock.SilenceLimitMs(15_000, 51_000));
        clock.Saw(12_000, 51_500);
        Assert.Equal(15_000, clock.SilenceLimitMs(15_000, 52_000));
    }

    [Fact]
    public void SilenceLimitMs_the_final_form_never_comes_is_not_waited_for_forever()
    {
        var clock = new StreamClock();
        clock.SawOpen(12_000, 50_000);

        Assert.Equal(long.MinValue, clock.SilenceLimitMs(15_000, 109_999));
        Assert.Equal(75_000, clock.SilenceLimitMs(75_000, 110_000));
    }
}
