using Millrace.Cli;
using Millrace.Installations;
using Millrace.Testing;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Tests;

/// <summary>The checker and a Millrace that somebody else has started.</summary>
public sealed class AddressRunTests
{
    [Fact]
    public async Task Installation_that_runs_already_is_exact_as_its_users_see_it()
    {
        using var data = new TempDirectory();
        await using var millrace = await Installation.StartAsync(data.Path);
        var settings = VerifySettings.Parse(new Arguments(["--target", millrace.Url.ToString(), "--key", Installation.ApiKey, "--seconds", "3", "--seed", "5"]));
        await using var target = await AddressTarget.StartAsync(millrace.Url, settings.Keys, TestContext.Current.CancellationToken);
        var report = await Runs.RunAsync(target, settings);
        Assert.True(report.Exact, Runs.Text(report));
        Assert.Equal(report.Acknowledged + report.MaybeLanded, report.Checks.Single(check => check.Place == "clickhouse").Compared);
        Assert.DoesNotContain(report.Checks, check => check.Place == "objects");
    }
}
