using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>What <c>./millrace services</c> does when it is stopped, or can't start.</summary>
[Collection(SharedClusterCollection.Name)]
public sealed class StopTests(SharedCluster shared)
{
    private static readonly string[] _services = ["ingest", "aggregator", "gateway", "alerting", "archiver"];

    [Fact]
    public async Task Stop_ends_all_five_cleanly_and_leaves_no_process_behind()
    {
        // A second set beside the shared one, on the same servers.
        await using var services = await ServiceProcesses.StartAsync(shared.Millrace.Settings, TestContext.Current.CancellationToken);
        var processes = _services.Select(services.ProcessOf).ToList();
        Assert.All(processes, process => Assert.True(Processes.IsAlive(process)));
        Assert.True(await services.StopAsync() == 0, services.Output);
        await Eventually.TrueAsync(() => processes.TrueForAll(process => !Processes.IsAlive(process)), what: "processes gone");
    }

    [Fact]
    public async Task Settings_that_cannot_work_are_named_in_one_line_with_exit_code_2()
    {
        var (code, errors) = await ServiceProcesses.TryStartAsync(new Dictionary<string, string>());
        Assert.Equal(2, code);
        Assert.Equal(
            "millrace: Millrace__Adapters__EventLog must be kafka: the embedded event log belongs to one process; five of them share a Kafka. './millrace services --help' lists what is needed",
            errors.Trim());
        (code, errors) = await ServiceProcesses.TryStartAsync(
            new Dictionary<string, string>(shared.Millrace.Settings) { ["Millrace__Kafka__BootstrapServer"] = "localhost:1" });
        Assert.Equal(2, code);
        Assert.Contains("Millrace:Kafka:BootstrapServer is not a setting; did you mean 'BootstrapServers'?", errors, StringComparison.Ordinal);
    }
}
