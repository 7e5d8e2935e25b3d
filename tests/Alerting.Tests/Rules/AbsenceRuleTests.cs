using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Alerting.Tests.Support;
using Xunit;

namespace Millrace.Alerting.Tests.Rules;

public sealed class AbsenceRuleTests
{
    [Theory]
    [InlineData(99_000, nameof(Outcome.Clear), 29)]
    [InlineData(100_000, nameof(Outcome.Breached), 30)]
    [InlineData(160_000, nameof(Outcome.Breached), 90)]
    public void Judge_empty_window_compares_the_silence(long endMs, string expected, double seconds)
    {
        var condition = Parse.Absence("""{"for":"30s"}""").Condition;

        var verdict = condition.Judge(new SeriesState(false, 70_000), WindowSample.Empty(endMs - 1000, endMs));

        Assert.Equal(expected, verdict.Outcome.ToString());
        Assert.Equal(seconds, verdict.Value);
        Assert.Equal(30, verdict.Threshold);
        Assert.Equal(expected == nameof(Outcome.Breached), verdict.Lasting);
    }

    [Fact]
    public void Judge_window_with_events_is_clear()
    {
        var condition = Parse.Absence("""{"for":"30s"}""").Condition;

        var verdict = condition.Judge(new SeriesState(true, 0), new WindowSample(199_000, 200_000, 1, 1, []));

        Assert.Equal(Outcome.Clear, verdict.Outcome);
        Assert.Equal(Reasons.Recovered, verdict.Reason);
    }

    [Fact]
    public void PerSeries_only_when_the_scope_says_so()
    {
        Assert.False(Parse.Absence("""{"for":"30s"}""").Condition.PerSeries);
        Assert.False(Parse.Absence("""{"for":"30s","scope":"rule"}""").Condition.PerSeries);
        Assert.True(Parse.Absence("""{"for":"30s","scope":"series"}""").Condition.PerSeries);
    }
}
