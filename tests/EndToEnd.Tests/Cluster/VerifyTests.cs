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
    public async Task Services_that_are_killed_cut_off_and_rebalanced_under_load_are_exact()
    {
        var settings = VerifySettings.Parse(new Arguments(
            ["--target", "services", "--seconds", "5", "--tenants", "2", "--rate", "200", "--faults", "kafka-down,clickhouse-cut,point:archiver.rows.inserted"]));
        await using var target = new ServicesTarget(shared.Millrace, settings.Tenants, owned: false);
        var report = await new VerifyRun(target, settings, settings.FirstSeed, text => TestContext.Current.TestOutputHelper?.WriteLine(text))
            .RunAsync(TestContext.Current.CancellationToken);
        using var text = new StringWriter();
        ReportWriter.Print(text, report);
        Assert.True(report.Exact, text.ToString());
        Assert.True(report.Retries > 0, "no producer noticed that Kafka was away");
        Assert.Equal(["clickhouse-cut", "kafka-down", "point:archiver.rows.inserted"], report.Faults.Select(fault => fault.Name).Distinct().Order());
    }
}
