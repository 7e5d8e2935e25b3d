using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Tests.Support;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Alerting.Tests.Evaluation;

public sealed class WatchedSeriesTests
{
    private const long Start = 100_000;
    private readonly List<AlertTransition> _transitions = [];

    [Fact]
    public void Observe_bad_for_long_enough_fires_once_and_resolves_once()
    {
        var series = Series(Parse.Threshold("""{"value":"count","op":">","threshold":5}""", "\"for\":\"3s\""));

        foreach (var count in new ulong[] { 1, 9, 9, 9, 9, 9, 2 }) Next(series, count);

        Assert.Equal(
            [
                (AlertState.Pending, Start + 2000, 9d), (AlertState.Firing, Start + 4000, 9d), (AlertState.Resolved, Start + 7000, 2d),
            ],
            _transitions.Select(t => (t.To, t.AtMs, t.Value)));
        Assert.All(_transitions, transition => Assert.Equal(Start + 1000, transition.StartedMs));
        Assert.Equal([Reasons.Threshold, Reasons.Threshold, Reasons.Recovered], _transitions.Select(t => t.Reason));
    }

    [Fact]
    public void PassEmpty_traffic_stops_count_is_zero_and_the_alert_resolves_at_the_first_empty_window()
    {
        var series = Series(Parse.Threshold("""{"value":"count","op":">","threshold":5}"""));
        Next(series, 9);

        series.PassEmpty(series.JudgedToMs + 3_600_000, long.MinValue, _transitions);

        Assert.Equal([AlertState.Firing, AlertState.Resolved], _transitions.Select(t => t.To));
        Assert.Equal(Start + 2000, _transitions[1].AtMs);
        Assert.Equal(Start + 1000 + 3_600_000, series.JudgedToMs);
    }

    [Fact]
    public void PassEmpty_in_any_steps_comes_to_the_same()
    {
        foreach (var step in new[] { 1000, 2000, 7000, 60_000 })
        {
            _transitions.Clear();
            var series = Series(Parse.Absence("""{"for":"30s"}""", "\"for\":\"5s\""));
            for (var to = Start; to <= Start + 120_000; to += step) series.PassEmpty(to, long.MinValue, _transitions);
            series.PassEmpty(Start + 120_000, long.MinValue, _transitions);
            Next(series, 1);

            Assert.Equal(
                [(AlertState.Pending, Start + 30_000), (AlertState.Firing, Start + 34_000), (AlertState.Resolved, Start + 121_000)],
                _transitions.Select(t => (t.To, t.AtMs)));
        }
    }

    [Fact]
    public void PassEmpty_forgiven_time_counts_for_nothing()
    {
        var series = Series(Parse.Threshold("""{"value":"count","op":"<","threshold":5}""", "\"for\":\"3s\""));
        Next(series, 1);
        Next(series, 1);

        series.PassEmpty(series.JudgedToMs + 60_000, series.JudgedToMs + 60_000, _transitions);
        Assert.Equal([AlertState.Pending], _transitions.Select(t => t.To));
        Next(series, 1);

        Assert.Equal([AlertState.Pending, AlertState.Firing], _transitions.Select(t => t.To));
        Assert.Equal(Start, _transitions[1].StartedMs);
    }

    [Fact]
    public void PassEmpty_forgiven_time_does_not_count_as_absence()
    {
        var series = Series(Parse.Absence("""{"for":"30s"}"""));

        series.PassEmpty(Start + 29_000, long.MinValue, _transitions);
        series.PassEmpty(Start + 89_000, Start + 89_000, _transitions);
        Assert.Empty(_transitions);
        series.PassEmpty(Start + 90_000, Start + 89_000, _transitions);

        Assert.Equal([AlertState.Firing], _transitions.Select(t => t.To));
    }

    [Fact]
    public void Observe_correction_of_the_newest_window_is_judged_again()
    {
        var series = Series(Parse.Threshold("""{"value":"count","op":">","threshold":5}"""));
        Next(series, 5, revision: 11);

        Assert.False(Again(series, 9, revision: 11));
        Assert.True(Again(series, 9, revision: 19));

        Assert.Equal([AlertState.Firing], _transitions.Select(t => t.To));
    }

    [Fact]
    public void Observe_correction_of_an_older_window_is_passed_over()
    {
        var series = Series(Parse.Threshold("""{"value":"count","op":">","threshold":5}"""));
        Next(series, 5, revision: 11);
        Next(series, 5, revision: 11);

        Assert.False(series.Observe(new WindowSample(Start, Start + 1000, 9, 1, []), 99, _transitions));

        Assert.Empty(_transitions);
    }

    [Fact]
    public void Observe_unknown_windows_hold_the_state_and_its_clock()
    {
        var series = Series(Parse.Threshold("""{"value":"latency.p95","op":">","threshold":5,"no_data":"hold"}""", "\"for\":\"3s\""));
        Next(series, 1, latency: 9);
        Next(series, 1, latency: 9);
        Next(series, 1);
        series.PassEmpty(series.JudgedToMs + 10_000, long.MinValue, _transitions);
        Assert.Equal([AlertState.Pending], _transitions.Select(t => t.To));

        Next(series, 1, latency: 9);

        Assert.Equal([AlertState.Pending, AlertState.Firing], _transitions.Select(t => t.To));
    }

    [Fact]
    public void NeedsEmptyWindows_only_while_they_could_change_something()
    {
        var above = Series(Parse.Threshold("""{"value":"count","op":">","threshold":5}"""));
        Assert.False(above.NeedsEmptyWindows);
        Next(above, 9);
        Assert.True(above.NeedsEmptyWindows);

        var below = Series(Parse.Threshold("""{"value":"count","op":"<","threshold":5}"""));
        Assert.True(below.NeedsEmptyWindows);
        Next(below, 1);
        Assert.False(below.NeedsEmptyWindows);

        var absent = Series(Parse.Absence("""{"for":"3s"}"""));
        Assert.True(absent.NeedsEmptyWindows);
        absent.PassEmpty(Start + 3000, long.MinValue, _transitions);
        Assert.False(absent.NeedsEmptyWindows);
        Assert.Equal(SeriesSave.Save, absent.Due);
    }

    [Fact]
    public void AlertId_depends_on_rule_series_and_episode_alone()
    {
        var id = new SeriesId("purchase", "country=DE");

        Assert.Equal(id.AlertId("acme", "r", Start), new SeriesId("purchase", "country=DE").AlertId("acme", "r", Start));
        var others = new[]
        {
            id.AlertId("acme", "r", Start), id.AlertId("acme", "r", Start + 1000), id.AlertId("acme", "s", Start), id.AlertId("acne", "r", Start),
            new SeriesId("purchase", "").AlertId("acme", "r", Start), new SeriesId("", "purchase").AlertId("acme", "r", Start),
        };
        Assert.Equal(others.Length, others.Distinct().Count());
        Assert.Equal(8, id.AlertId("acme", "r", Start).Version);
    }

    private static WatchedSeries Series(Rule rule)
    {
        var series = new WatchedSeries(rule, new SeriesId("purchase", ""), []);
        series.Begin(Start);
        return series;
    }

    private void Next(WatchedSeries series, ulong count, long revision = 1, double? latency = null)
    {
        ValueSample[] values = latency is { } p95 ? [new ValueSample("latency", 1, p95, p95, p95, p95, p95, p95, p95)] : [];
        var start = series.JudgedToMs;
        Assert.True(series.Observe(new WindowSample(start, start + 1000, count, 1, values), revision, _transitions));
    }

    private bool Again(WatchedSeries series, ulong count, long revision) =>
        series.Observe(new WindowSample(series.JudgedToMs - 1000, series.JudgedToMs, count, 1, []), revision, _transitions);
}
