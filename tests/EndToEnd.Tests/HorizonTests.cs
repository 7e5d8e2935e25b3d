using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>Past the duplicate horizon an id is new again, in every place alike, by the one setting that there is.</summary>
public sealed class HorizonTests
{
    [Fact]
    public async Task Id_past_the_horizon_counts_again_in_windows_rows_rollups_objects_and_ledger()
    {
        using var data = new TempDirectory();
        await using var millrace = await Installation.StartAsync(data.Path, new Dictionary<string, string> { ["Millrace__Aggregator__DedupHorizon"] = "00:00:01" });
        using var client = millrace.Client();
        const string Event = """{"id":"same","stream":"horizon","values":{"v":7}}""";
        // Twice in one request is within any horizon.
        using (var answer = await client.IngestAsync([Event, Event])) Assert.True(answer.IsSuccessStatusCode);
        // A window is final only when more than the horizon has passed on the log's clock.
        await Eventually.TrueAsync(async () => (await client.WindowsAsync("horizon", final: true)).Count == 1);
        using (var answer = await client.IngestAsync([Event, Event])) Assert.True(answer.IsSuccessStatusCode);

        var ledger = await Eventually.ValueAsync(async () => await client.LedgerAsync(), now => now is { Received: 4, Pending: 0, Balances: true });
        Assert.Equal((2, 2, 2), (ledger.Aggregated, ledger.Duplicate, ledger.Archived));
        var windows = await Eventually.ValueAsync(async () => await client.WindowsAsync("horizon", final: true), found => found.Count == 2);
        Assert.All(windows, window => Assert.Equal(1, (int)window["count"]!));
        Assert.Equal("2\t1", await client.SqlAsync("SELECT count(), uniqExact(id) FROM events WHERE stream = 'horizon'"));
        foreach (var rollup in (string[])["rollup_1m", "rollup_1h", "rollup_1d"])
            Assert.Equal("2\t14", await client.SqlAsync($"SELECT sum(count), toUInt32(sum(sum)) FROM {rollup} WHERE stream = 'horizon'"));
        Assert.Equal(["same", "same"], await millrace.ObjectIdsAsync(Installation.Tenant, "horizon"));
    }
}
