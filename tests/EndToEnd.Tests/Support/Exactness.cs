using System.Net;
using System.Text.Json.Nodes;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>100,000 events with malformed, repeated and late ones among them: every number must come out exactly.</summary>
internal static class Exactness
{
    private const int Batches = 200;
    private const int BatchSize = 500;
    private const string Stream = "exactness";

    public static async Task CheckAsync(IMillrace millrace, string tenant)
    {
        using var client = new MillraceClient(millrace, Tokens.Valid(tenant));
        var shop = new Shop(Stream, seed: 7);
        for (var batch = 0; batch < Batches; batch++)
        {
            var (lines, malformed) = shop.Batch(BatchSize);
            using var answer = await client.IngestAsync(lines);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            Assert.Equal(malformed, body["rejected"]!.AsArray().Select(rejected => (int)rejected!["index"]!));
            Assert.Equal(BatchSize - malformed.Count, (int)body["accepted"]!);
        }

        var ledger = await Eventually.ValueAsync(
            async () => await client.LedgerAsync(), l => l.Pending == 0 && l.Balances && l.Received == Batches * BatchSize, TimeSpan.FromSeconds(90));
        Assert.Equal(new Ledger(tenant, Batches * BatchSize, shop.Good, shop.Late, shop.Duplicates, shop.Malformed, shop.Malformed, shop.Good + shop.Late, 0), ledger);

        var windows = await Eventually.ValueAsync(
            async () => await client.WindowsAsync(Stream, final: true), found => Count(found) >= shop.Good, TimeSpan.FromSeconds(60));
        Assert.Equal(shop.Good, Count(windows));
        Assert.Equal(shop.Amount, windows.Sum(window => (double)window["values"]!["amount"]!["sum"]!), 1e-6);

        var objects = await millrace.ObjectIdsAsync(tenant, Stream);
        Assert.Equal(shop.GoodAndLateIds.Count, objects.Count);
        Assert.Equal(shop.GoodAndLateIds, objects.ToHashSet());

        var rows = await client.SendAsync(HttpMethod.Post, "/api/v1/query", new { sql = $"SELECT count(), uniqExact(id), countIf(late) FROM events WHERE stream = '{Stream}'" });
        Assert.Equal($"[{shop.Good + shop.Late},{shop.Good + shop.Late},{shop.Late}]", rows["data"]![0]!.ToJsonString().Replace("\"", ""));
        foreach (var rollup in new[] { "minute", "hour", "day" })
        {
            var from = TimeProvider.System.GetUtcNow().AddDays(-2).ToString("O");
            var points = await client.GetAsync($"/api/v1/metrics?stream={Stream}&agg={rollup}&from={Uri.EscapeDataString(from)}&limit=1000");
            Assert.Equal(shop.Good + shop.Late, points["items"]!.AsArray().Sum(point => (long)point!["count"]!));
        }
    }

    private static long Count(IEnumerable<JsonNode> windows) => windows.Sum(window => (long)window["count"]!);
}
