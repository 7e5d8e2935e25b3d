using Microsoft.Extensions.Options;
using Millrace.Aggregator.Pipeline;
using Millrace.Hosting.Incidents;
using Millrace.Testing;
using Xunit;

namespace Millrace.Aggregator.Tests.Pipeline;

public sealed class IncidentTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly IncidentLog _log;
    private readonly AggregatorIncidents _incidents;

    public IncidentTests()
    {
        _log = new IncidentLog(Options.Create(new IncidentOptions()), _time);
        _incidents = new AggregatorIncidents(_log, _time);
    }

    [Fact]
    public void Lag_is_one_incident_from_the_first_step_to_normal_with_the_greatest_lag()
    {
        var control = new OverloadControl(TimeSpan.FromSeconds(2));
        var steps = new List<string>();
        for (var at = 0.0; at < 40; at += 0.2)
        {
            var lag = TimeSpan.FromSeconds(at < 5 ? 0.5 : at < 8 ? 3 : at < 12 ? 14.2 : 0.3);
            control.Observe(lag, TimeSpan.FromSeconds(at));
            _incidents.Lag(control.Step, lag);
            var step = _log.Current.SingleOrDefault()?.Report.Step ?? "none";
            if (steps.Count == 0 || steps[^1] != step) steps.Add(step);
            if (step == "finals_only") Assert.Equal((15.0, "s", IncidentReport.Everyone), (_log.Current[0].Report.Peak, _log.Current[0].Report.PeakUnit, _log.Current[0].Report.Audience));
        }

        Assert.Equal(["none", "slower_live", "finals_only", "slower_live", "none"], steps);
    }

    [Fact]
    public void Series_beyond_the_limit_are_an_incident_until_none_has_been_for_a_minute()
    {
        _incidents.Folded(0);
        Assert.Empty(_log.Current);
        _incidents.Folded(5);
        _incidents.Folded(7);
        Assert.Equal((IncidentKinds.SeriesLimit, 16.0), (_log.Current.Single().Report.Kind, _log.Current.Single().Report.Peak));
        _time.Advance(TimeSpan.FromSeconds(59));
        _incidents.Folded(0);
        Assert.Single(_log.Current);
        _time.Advance(TimeSpan.FromSeconds(1));
        _incidents.Folded(0);
        Assert.Empty(_log.Current);
    }
}
