using Millrace.Cli;
using Millrace.Verify.Report;
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
        var report = await RunAsync(target, settings);
        Assert.True(report.Exact, Text(report));
        Assert.Equal(["kill", "kill-clickhouse", "point:archiver.rows.inserted"], report.Faults.Select(fault => fault.Name).Distinct().Order());
        Assert.All(["clickhouse", "objects", "rollup_1m", "rollup_1h", "rollup_1d", "late", "windows", "socket:windows", "socket:events", "ledger"], place =>
            Assert.Contains(report.Checks, check => check.Place == place && check.Compared > 0));
        Assert.Equal(report.Acknowledged + report.MaybeLanded, report.Checks.Single(check => check.Place == "clickhouse").Compared);
    }

    private static async Task<RunReport> RunAsync(ITarget target, VerifySettings settings) =>
        await new VerifyRun(target, settings, settings.FirstSeed, text => TestContext.Current.TestOutputHelper?.WriteLine(text)).RunAsync(TestContext.Current.CancellationToken);

    private static string Text(RunReport report)
    {
        using var text = new StringWriter();
        ReportWriter.Print(text, report);
        return text.ToString();
    }
}
