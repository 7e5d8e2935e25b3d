using Xunit;

namespace Millrace.Aggregator.Tests;

public sealed class OverloadControlTests
{
    private readonly OverloadControl _control = new(TimeSpan.FromSeconds(2));

    [Fact]
    public void Lag_beyond_the_threshold_makes_live_windows_rarer_and_five_times_it_stops_them()
    {
        Assert.False(Observe(2, 0));
        Assert.Equal(TimeSpan.FromMilliseconds(250), _control.LiveInterval(TimeSpan.FromMilliseconds(250)));
        Assert.True(Observe(2.1, 1));
        Assert.Equal((OverloadStep.SlowerLive, TimeSpan.FromSeconds(1)), (_control.Step, _control.LiveInterval(TimeSpan.FromMilliseconds(250))));
        Assert.True(Observe(11, 2));
        Assert.Equal((OverloadStep.FinalsOnly, null), (_control.Step, _control.LiveInterval(TimeSpan.FromMilliseconds(250))));
    }

    [Fact]
    public void Recovery_takes_one_step_after_each_calm_while()
    {
        Observe(20, 0);
        Assert.False(Observe(0, 1));
        Assert.False(Observe(0, 5.9));
        Assert.True(Observe(0, 6));
        Assert.Equal(OverloadStep.SlowerLive, _control.Step);
        Assert.False(Observe(0, 7));
        Assert.False(Observe(1.5, 8));
        Assert.False(Observe(0.5, 12));
        Assert.False(Observe(0.5, 16.9));
        Assert.True(Observe(0.5, 17));
        Assert.Equal(OverloadStep.Normal, _control.Step);
    }

    [Fact]
    public void Lag_between_recovery_and_threshold_keeps_the_step()
    {
        Observe(3, 0);
        for (var at = 1; at < 60; at++) Assert.False(Observe(1.5, at));
        Assert.Equal(OverloadStep.SlowerLive, _control.Step);
    }

    private bool Observe(double lagSeconds, double atSeconds) => _control.Observe(TimeSpan.FromSeconds(lagSeconds), TimeSpan.FromSeconds(atSeconds));
}
