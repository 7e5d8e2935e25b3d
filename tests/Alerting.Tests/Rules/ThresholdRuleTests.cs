using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Alerting.Tests.Support;
using Xunit;

namespace Millrace.Alerting.Tests.Rules;

public sealed class ThresholdRuleTests
{
    private static readonly WindowSample Window = new(
        10_000, 15_000, 20, 7, [new ValueSample("amount", 4, 100, 5, 50, 30, 24, 48, 49), new ValueSample("a.b", 1, 2, 2, 2, 2, 2, 2, 2)]);

    [Theory]
    [InlineData("count", 20)]
    [InlineData("rate", 4)]
    [InlineData("distinct_sources", 7)]
    [InlineData("amount.sum", 100)]
    [InlineData("amount.min", 5)]
    [InlineData("amount.max", 50)]
    [InlineData("amount.last", 30)]
    [InlineData("amount.avg", 25)]
    [InlineData("amount.count", 4)]
    [InlineData("amount.p50", 24)]
    [InlineData("amount.p95", 48)]
    [InlineData("amount.p99", 49)]
    [InlineData("a.b.sum", 2)]
    public void Judge_value_is_the_one_that_the_rule_names(string value, double expected)
    {
        var verdict = Judge($$"""{"value":"{{value}}","op":">","threshold":-1}""", Window);

        Assert.Equal(Outcome.Breached, verdict.Outcome);
        Assert.Equal(expected, verdict.Value);
    }

    [Theory]
    [InlineData(">", 20, false)]
    [InlineData(">", 19, true)]
    [InlineData(">=", 20, true)]
    [InlineData(">=", 21, false)]
    [InlineData("<", 20, false)]
    [InlineData("<", 21, true)]
    [InlineData("<=", 20, true)]
    [InlineData("<=", 19, false)]
    [InlineData("==", 20, true)]
    [InlineData("==", 21, false)]
    [InlineData("!=", 20, false)]
    [InlineData("!=", 21, true)]
    public void Judge_operator_decides_at_the_border(string op, double threshold, bool breached)
    {
        var verdict = Judge($$"""{"value":"count","op":"{{op}}","threshold":{{threshold}}}""", Window);

        Assert.Equal(breached ? Outcome.Breached : Outcome.Clear, verdict.Outcome);
        Assert.Equal(threshold, verdict.Threshold);
        Assert.Equal(breached ? Reasons.Threshold : Reasons.Recovered, verdict.Reason);
    }

    [Theory]
    [InlineData(">", 25, 15, false, nameof(Outcome.Clear))]
    [InlineData(">", 25, 15, true, nameof(Outcome.Between))]
    [InlineData(">", 25, 20, true, nameof(Outcome.Clear))]
    [InlineData(">=", 25, 20, true, nameof(Outcome.Between))]
    [InlineData("<", 15, 25, false, nameof(Outcome.Clear))]
    [InlineData("<", 15, 25, true, nameof(Outcome.Between))]
    [InlineData("<", 15, 20, true, nameof(Outcome.Clear))]
    [InlineData("<=", 15, 20, true, nameof(Outcome.Between))]
    public void Judge_between_the_thresholds_keeps_what_fires_firing(string op, double threshold, double recovery, bool alerting, string expected)
    {
        var verdict = Judge(
            $$"""{"value":"count","op":"{{op}}","threshold":{{threshold}},"recovery_threshold":{{recovery}}}""", Window, alerting);

        Assert.Equal(expected, verdict.Outcome.ToString());
    }

    [Theory]
    [InlineData("count", ">", 0, nameof(Outcome.Clear))]
    [InlineData("count", "<", 1, nameof(Outcome.Breached))]
    [InlineData("rate", "==", 0, nameof(Outcome.Breached))]
    [InlineData("amount.sum", "<", 1, nameof(Outcome.Breached))]
    [InlineData("amount.count", "<", 1, nameof(Outcome.Breached))]
    public void Judge_window_is_empty_counts_and_sums_are_zero(string value, string op, double threshold, string expected)
    {
        var verdict = Judge($$"""{"value":"{{value}}","op":"{{op}}","threshold":{{threshold}}}""", WindowSample.Empty(0, 1000));

        Assert.Equal(expected, verdict.Outcome.ToString());
        Assert.Equal(0, verdict.Value);
        Assert.True(verdict.Lasting);
    }

    [Theory]
    [InlineData("", nameof(Outcome.Clear))]
    [InlineData(""","no_data":"clear" """, nameof(Outcome.Clear))]
    [InlineData(""","no_data":"hold" """, nameof(Outcome.Unknown))]
    [InlineData(""","no_data":"breach" """, nameof(Outcome.Breached))]
    public void Judge_window_lacks_the_value_follows_no_data(string noData, string expected)
    {
        foreach (var window in new[] { WindowSample.Empty(0, 1000), Window })
        {
            var verdict = Judge($$"""{"value":"latency.p95","op":"<","threshold":5{{noData}}}""", window);

            Assert.Equal(expected, verdict.Outcome.ToString());
            Assert.Equal(Reasons.NoData, verdict.Reason);
            Assert.True(double.IsNaN(verdict.Value));
        }
    }

    private static Verdict Judge(string condition, WindowSample window, bool alerting = false) =>
        Parse.Threshold(condition).Condition.Judge(new SeriesState(alerting, 0), window);
}
