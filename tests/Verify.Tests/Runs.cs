using Millrace.Verify.Report;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Tests;

/// <summary>Runs of the checker inside a test.</summary>
internal static class Runs
{
    public static async Task<RunReport> RunAsync(ITarget target, VerifySettings settings) =>
        await new VerifyRun(target, settings, settings.FirstSeed, text => TestContext.Current.TestOutputHelper?.WriteLine(text)).RunAsync(TestContext.Current.CancellationToken);

    public static string Text(RunReport report)
    {
        using var text = new StringWriter();
        ReportWriter.Print(text, report);
        return text.ToString();
    }

    /// <summary>Nothing differs, and every place was looked into.</summary>
    public static void AssertExact(RunReport report)
    {
        Assert.True(report.Exact && report.NotReached.Count == 0, Text(report));
        Assert.All(["clickhouse", "objects", "rollup_1m", "rollup_1h", "rollup_1d", "late", "windows", "socket:windows", "socket:events", "ledger"], place =>
            Assert.Contains(report.Checks, check => check.Place == place && check.Compared > 0));
        Assert.Equal(report.Acknowledged + report.MaybeLanded, report.Checks.Single(check => check.Place == "clickhouse").Compared);
    }
}
