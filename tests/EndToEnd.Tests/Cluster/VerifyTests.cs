using Millrace.Cli;
using Millrace.Verify;
using Millrace.Verify.Report;
using Millrace.Verify.Targets;
using Xunit;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>A short run of <c>./millrace verify</c> on the five services. The long ones, with every fault, are run by hand.</summary>
[Collection(SharedClusterCollection.Name)]
public sealed class VerifyTests(SharedCluster shared)
{
    [Fact]
    public async Task Services_that_die_between_two_writes_and_whose_brokers_and_stores_fail_are_exact()
    {
        var settings = VerifySettings.Parse(new Arguments(
        [
            "--target", "services", "--seconds", "5", "--tenants", "2", "--rate", "200",
            "--faults", "kafka-errors,clickhouse-cut,point:aggregator.output.written,point:ingest.events.appended",
        ]));
        await using var target = new ServicesTarget(shared.Millrace, settings.Tenants, owned: false);
        var report = await new VerifyRun(target, settings, settings.FirstSeed, text => TestContext.Current.TestOutputHelper?.WriteLine(text))
            .RunAsync(TestContext.Current.CancellationToken);

        using var text = new StringWriter();
        ReportWriter.Print(text, report);
        Assert.True(report.Exact && report.NotReached.Count == 0, text.ToString());
        Assert.Equal(
            ["clickhouse-cut", "kafka-errors", "point:aggregator.output.written", "point:ingest.events.appended"],
            report.Faults.Where(fault => fault.Outcome == FaultOutcome.Injected).Select(fault => fault.Name).Distinct().Order());
        Assert.All(["clickhouse", "objects", "rollup_1m", "rollup_1h", "rollup_1d", "late", "windows", "socket:windows", "socket:events", "ledger"], place =>
            Assert.Contains(report.Checks, check => check.Place == place && check.Compared > 0));
    }
}
