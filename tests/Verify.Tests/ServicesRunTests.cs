using Millrace.Cli;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Tests;

/// <summary>A short run on the five services. The long ones, with every fault, are run by hand.</summary>
public sealed class ServicesRunTests
{
    [Fact]
    public async Task Services_whose_brokers_go_away_and_whose_second_archiver_dies_between_two_writes_are_exact()
    {
        var settings = VerifySettings.Parse(new Arguments(
            ["--target", "services", "--seconds", "5", "--tenants", "2", "--rate", "200", "--faults", "kafka-down,point:archiver.rows.inserted"]));
        await using var target = await ServicesTarget.StartAsync(settings.Tenants, TestContext.Current.CancellationToken);
        var report = await Runs.RunAsync(target, settings);
        Runs.AssertExact(report);
        Assert.True(report.Retries > 0, "no producer noticed that Kafka was away");
        Assert.Equal(["kafka-down", "point:archiver.rows.inserted"], report.Faults.Select(fault => fault.Name).Distinct().Order());
        Assert.All(report.Faults, fault => Assert.Null(fault.Note));
    }
}
