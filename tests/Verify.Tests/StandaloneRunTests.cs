using Millrace.Cli;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Tests;

/// <summary>The checker and Millrace together, for some seconds.</summary>
public sealed class StandaloneRunTests
{
    [Fact]
    public async Task Standalone_that_is_killed_under_load_is_exact()
    {
        var settings = VerifySettings.Parse(new Arguments(["--seconds", "5", "--seed", "3", "--tenants", "2", "--faults", "kill,kill-clickhouse,point:archiver.rows.inserted"]));
        await using var target = await StandaloneTarget.StartAsync(null, settings.Tenants);
        var report = await Runs.RunAsync(target, settings);
        Runs.AssertExact(report);
        Assert.Equal(["kill", "kill-clickhouse", "point:archiver.rows.inserted"], report.Faults.Select(fault => fault.Name).Distinct().Order());
    }
}
