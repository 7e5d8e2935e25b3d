using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>Everything that the services stand on fails in turn, and they themselves, under load: nothing is lost, nothing doubled.</summary>
[Collection(SharedClusterCollection.Name)]
public sealed class FaultTests(SharedCluster shared)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private ClusterInstallation Millrace => shared.Millrace;

    [Theory]
    [InlineData("services")]
    [InlineData("rebalance")]
    [InlineData("kafka")]
    [InlineData("stores")]
    public async Task Faults_under_load_lose_and_double_nothing(string faults)
    {
        using var client = Millrace.Client();
        var before = await Eventually.ValueAsync(async () => await client.LedgerAsync(), ledger => ledger.Pending == 0, TimeSpan.FromSeconds(60));
        var load = new Load(Millrace, "faults-" + faults, senders: 4);
        load.Start();
        await ProgressAsync(load, 2_000);
        await (faults switch
        {
            "services" => KillEachServiceAsync(load),
            "rebalance" => RebalanceAsync(load),
            "kafka" => KafkaDownAsync(load),
            _ => StoresDownAsync(load),
        });
        await ProgressAsync(load, 2_000);
        await load.StopAsync();
        await AssertExactAsync(load, before);
    }

    private async Task KillEachServiceAsync(Load load)
    {
        foreach (var service in (string[])["ingest", "aggregator", "gateway", "alerting", "archiver"])
        {
            await Millrace.Services.KillAsync(service);
            await ProgressAsync(load, 1_000);
        }
    }

    /// <summary>Second instances join, take their share, and die.</summary>
    private async Task RebalanceAsync(Load load)
    {
        using var aggregator = await HostProcess.StartAsync("Millrace.Aggregator.Host", Millrace.Settings);
        using var archiver = await HostProcess.StartAsync("Millrace.Archiver.Host", Millrace.Settings);
        await ProgressAsync(load, 2_000);
        aggregator.Kill();
        archiver.Kill();
        await ProgressAsync(load, 2_000);
    }

    private async Task KafkaDownAsync(Load load)
    {
        await Millrace.Kafka.StopAsync(Cancelled);
        // The pause is the fault itself; what is waited for comes after it.
        using (var outage = new PeriodicTimer(TimeSpan.FromSeconds(20))) await outage.WaitForNextTickAsync(Cancelled);
        await Millrace.Kafka.StartAgainAsync(Cancelled);
        await ProgressAsync(load, 2_000);
        Assert.True(load.Retries > 0, "no producer noticed that Kafka was away");
    }

    private async Task StoresDownAsync(Load load)
    {
        await Millrace.RabbitMq.StopAsync(Cancelled);
        await ProgressAsync(load, 1_000);
        await Millrace.RabbitMq.StartAgainAsync(Cancelled);

        Millrace.ObjectDoor.AnswerSlowDown(20);
        await Eventually.TrueAsync(() => Millrace.ObjectDoor.Refused >= 5, TimeSpan.FromSeconds(90), "requests to S3 refused");

        await Millrace.ClickHouseServer.StopAsync(Cancelled);
        await ProgressAsync(load, 2_000);
        using (var outage = new PeriodicTimer(TimeSpan.FromSeconds(30))) await outage.WaitForNextTickAsync(Cancelled);
        await Millrace.ClickHouseServer.StartAgainAsync(Cancelled);

        await Millrace.Postgres.StopAsync(Cancelled);
        await Millrace.Postgres.StartAgainAsync(Cancelled);
        await ProgressAsync(load, 2_000);
    }

    private static Task ProgressAsync(Load load, int more)
    {
        var enough = load.Acknowledged.Count + more;
        return Eventually.TrueAsync(() => load.Acknowledged.Count >= enough, TimeSpan.FromSeconds(120), $"{more} more acknowledged events");
    }

    private async Task AssertExactAsync(Load load, Ledger before)
    {
        using var client = Millrace.Client();
        var unique = load.Acknowledged.Count;
        // Repetitions of batches whose answer was lost are duplicates, and nothing else is.
        var ledger = await Eventually.ValueAsync(
            async () => await client.LedgerAsync(),
            l => l.Pending == 0 && l.Balances && l.Aggregated + l.Late - before.Aggregated - before.Late == unique,
            TimeSpan.FromSeconds(120));
        Assert.Equal(unique, ledger.Archived - before.Archived);
        Assert.Equal(before.Rejected, ledger.Rejected);
        foreach (var stream in load.Streams)
        {
            var sent = load.Acknowledged.Where(id => id.StartsWith(stream[(stream.LastIndexOf('-') + 1)..] + "-", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            var rows = await Millrace.SqlAsync($"SELECT id FROM millrace.events WHERE stream = '{stream}' FORMAT TSV");
            Assert.Equal(sent, rows.Order(StringComparer.Ordinal));
            var objects = await Millrace.ObjectIdsAsync(Installation.Tenant, stream);
            Assert.Equal(sent, objects.Order(StringComparer.Ordinal));
            Assert.Equal(
                sent.Count, int.Parse(Assert.Single(await Millrace.SqlAsync($"SELECT sum(count) FROM millrace.rollup_1m WHERE stream = '{stream}' FORMAT TSV")), System.Globalization.CultureInfo.InvariantCulture));
        }

        var windows = 0L;
        foreach (var stream in load.Streams)
        {
            var final = await client.WindowsAsync(stream, final: true);
            windows += final.Sum(window => (long)window["count"]!);
        }

        Assert.Equal(ledger.Aggregated - before.Aggregated, windows);
    }
}
