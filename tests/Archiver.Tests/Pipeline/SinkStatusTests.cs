using Microsoft.Extensions.Options;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Hosting.Incidents;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

public sealed class SinkStatusTests
{
    [Fact]
    public void Sink_that_fails_for_ten_seconds_is_an_incident_until_all_its_lanes_work_again()
    {
        var time = new ManualTimeProvider();
        var log = new IncidentLog(Options.Create(new IncidentOptions()), time);
        var status = new SinkStatus(log, time);
        var (first, second) = (new LaneId("clickhouse", "millrace.events", 0, "e"), new LaneId("clickhouse", "millrace.events", 1, "e"));

        status.Failed(first, "No answer.");
        time.Advance(TimeSpan.FromSeconds(9));
        status.Failed(first, "No answer.");
        status.Failed(second, "No answer.");
        Assert.Empty(log.Current);
        time.Advance(TimeSpan.FromSeconds(1));
        status.Failed(first, "No answer.");

        var incident = Assert.Single(log.Current).Report;
        Assert.Equal(("archiver", IncidentKinds.ClickHouseAway), (incident.Service, incident.Kind));
        Assert.Contains("No answer.", incident.Cause, StringComparison.Ordinal);
        status.Forget(first);
        Assert.Single(log.Current);
        status.Forget(second);
        Assert.Empty(log.Current);
        Assert.Null(status.FailureOf("clickhouse"));
    }
}
