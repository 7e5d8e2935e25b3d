using System.Text.RegularExpressions;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

/// <summary>.NET's and the web server's metrics that dashboards ask for are at <c>/metrics</c>; those of Millrace's own are checked by tests/Deploy.Tests.</summary>
public sealed partial class DashboardMetricsTests
{
    [Fact]
    public async Task Every_foreign_metric_of_the_dashboards_is_exported()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Millrace.slnx"))) root = root.Parent!;
        var wanted = Directory.EnumerateFiles(Path.Combine(root.FullName, "deploy", "grafana", "dashboards"))
            .SelectMany(file => Foreign().Matches(File.ReadAllText(file))).Select(match => match.Value).Distinct().ToList();
        Assert.NotEmpty(wanted);

        // As deploy/ sets it: by itself a host does not measure each request.
        var meters = File.ReadLines(Path.Combine(root.FullName, "deploy", "k8s", "base", "millrace.env")).Single(line => line.StartsWith("Millrace__Telemetry__Meters__0=", StringComparison.Ordinal)).Split('=')[1];
        await using var host = await TestHost.StartAsync(settings: settings => settings["Millrace:Telemetry:Meters:0"] = meters);
        await host.GetAsync("/health/live");
        // Collections are counted from the first on.
        GC.Collect();
        foreach (var name in wanted)
        {
            await Eventually.TrueAsync(
                async () => (await host.Client.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Contains("\n" + name, StringComparison.Ordinal), what: name);
        }
    }

    [GeneratedRegex(@"\b(dotnet|kestrel|http_server)_\w+(?=\{|\[| )")]
    private static partial Regex Foreign();
}
