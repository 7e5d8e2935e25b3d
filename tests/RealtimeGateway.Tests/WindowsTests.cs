using System.Net;
using System.Text.Json.Nodes;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary><c>GET /api/v1/windows</c>.</summary>
public sealed class WindowsTests : GatewayTest
{
    protected override (string, string)[] Settings => [("Gateway:Windows:Count", "5000")];

    [Fact]
    public async Task Sum_over_final_windows_equals_what_was_put_however_it_is_paged()
    {
        var windows = Enumerable.Range(0, 600).SelectMany(second => new[] { "purchase", "view", "error" }.SelectMany(type => new[]
        {
            LogWriter.Window(second, 1, type: type),
            LogWriter.Window(second, (ulong)(1 + (second % 7)), type: type),
            LogWriter.Window(second, (ulong)(1 + (second % 7)), final: true, type: type),
        })).ToList();
        foreach (var chunk in windows.Chunk(500)) await Writer.PutAsync(chunk);
        await WindowsSeenAsync(1800);

        foreach (var limit in new[] { 7, 1000, 10000 })
        {
            var all = await PagesAsync($"stream=shop&final=true&limit={limit}");
            Assert.Equal(1800, all.Count);
            Assert.Equal(1800, all.Select(w => $"{w["window_start"]} {w["type"]}").Distinct().Count());
            Assert.Equal(3 * Enumerable.Range(0, 600).Sum(s => 1 + (s % 7)), all.Sum(w => (int)w["count"]!));
            Assert.Equal(all.Select(w => (string)w["window_start"]!).Order(StringComparer.Ordinal), all.Select(w => (string)w["window_start"]!));
        }
    }

    [Fact]
    public async Task Filters_by_time_type_size_and_finality()
    {
        await Writer.PutAsync(
            LogWriter.Window(1, 1), LogWriter.Window(2, 2, final: true), LogWriter.Window(3, 3, final: true, type: "view"),
            LogWriter.Window(0, 6, final: true, sizeMs: 60_000), LogWriter.Window(4, 4));
        await WindowsSeenAsync(4);

        Assert.Equal([1, 2, 3, 4], Counts(await ItemsAsync("stream=shop")));
        Assert.Equal([2, 3], Counts(await ItemsAsync("stream=shop&final=true")));
        Assert.Equal([1, 4], Counts(await ItemsAsync("stream=shop&final=false")));
        Assert.Equal([6], Counts(await ItemsAsync("stream=shop&size=60s")));
        Assert.Equal([3], Counts(await ItemsAsync("stream=shop&type=view")));
        Assert.Equal([2, 3], Counts(await ItemsAsync("stream=shop&from=2026-01-01T00:00:02Z&to=2026-01-01T00:00:04Z")));
        Assert.Equal([4], Counts(await ItemsAsync($"stream=shop&from={LogWriter.Epoch.AddSeconds(4).ToUnixTimeMilliseconds()}")));
        Assert.Empty(Counts(await ItemsAsync("stream=nothing")));
    }

    [Fact]
    public async Task Other_tenants_windows_are_not_there()
    {
        await Writer.PutAsync(LogWriter.Window(1, 5, tenant: "other"), LogWriter.Window(1, 1));
        await WindowsSeenAsync(1);

        Assert.Equal([1], Counts(await ItemsAsync("stream=shop")));
        Assert.Equal([5], Counts((await GetAsync("/api/v1/windows?stream=shop&tenant=other", Server.Token(roles: ["operator"])))["items"]!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("stream=shop&limit=0")]
    [InlineData("stream=shop&limit=100000")]
    [InlineData("stream=shop&from=yesterday")]
    [InlineData("stream=shop&final=maybe")]
    [InlineData("stream=shop&size=long")]
    [InlineData("stream=shop&cursor=!!")]
    [InlineData("stream=shop&cursor=AAAA")]
    public async Task Malformed_question_is_400(string query)
    {
        using var http = Server.Http();

        Assert.Equal(HttpStatusCode.BadRequest, (await http.GetAsync("/api/v1/windows?" + query)).StatusCode);
    }

    [Fact]
    public async Task Windows_beyond_the_capacity_go_oldest_first_and_are_counted()
    {
        using var measurements = new Measurements(Server);
        await Writer.PutAsync(LogWriter.Window(0, 1, stream: "old"));
        await WindowsSeenAsync(1, "old");

        foreach (var chunk in Enumerable.Range(0, 6000).Select(s => LogWriter.Window(s, 1)).Chunk(1000)) await Writer.PutAsync(chunk);

        await Eventually.TrueAsync(() => measurements.Sum("windows.evicted reason=capacity") >= 1000);
        Assert.Empty(Counts(await ItemsAsync("stream=old")));
        await Eventually.TrueAsync(async () => Counts(await ItemsAsync($"stream=shop&from={LogWriter.Epoch.AddSeconds(5999).ToUnixTimeMilliseconds()}")).Count == 1);
    }

    private async Task<JsonNode> ItemsAsync(string query) => (await GetAsync("/api/v1/windows?" + query))["items"]!;

    private async Task<List<JsonNode>> PagesAsync(string query)
    {
        var all = new List<JsonNode>();
        for (string? cursor = null; ;)
        {
            var page = await GetAsync($"/api/v1/windows?{query}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            all.AddRange(page["items"]!.AsArray().Select(w => w!));
            cursor = (string?)page["next"];
            if (cursor is null) return all;
        }
    }
}
