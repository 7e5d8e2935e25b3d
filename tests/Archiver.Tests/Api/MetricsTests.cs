using System.Text.Json;
using Xunit;

namespace Millrace.Archiver.Tests.Api;

public sealed class MetricsTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string Span = "from=2026-07-01T00:00:00Z&to=2026-07-03T00:00:00Z";

    [Theory]
    [InlineData("second", 100)]
    [InlineData("minute", 2)]
    [InlineData("hour", 1)]
    [InlineData("day", 1)]
    public async Task Metrics_any_bucket_counts_every_event_once(string agg, int points)
    {
        var (status, body) = await api.GetAsync($"/api/v1/metrics?stream=shop&agg={agg}&{Span}");

        Assert.Equal(200, status);
        var items = body.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(points, items.Count);
        Assert.Equal(100, items.Sum(point => point.GetProperty("count").GetInt32()));
        Assert.Equal(JsonValueKind.Null, body.GetProperty("next").ValueKind);
        Assert.False(items[0].TryGetProperty("sum", out _));
    }

    [Fact]
    public async Task Metrics_of_a_value_has_every_statistic_in_every_bucket()
    {
        foreach (var agg in (string[])["minute", "hour", "day"])
        {
            var point = (await api.GetAsync($"/api/v1/metrics?stream=shop&type=purchase&value=amount&agg={agg}&{Span}")).Body.GetProperty("items")[0];
            var expected = Enumerable.Range(0, agg == "minute" ? 60 : 100).Where(i => i % 2 == 0).ToList();

            Assert.Equal(agg == "day" ? "2026-07-01T00:00:00.000Z" : "2026-07-01T10:00:00.000Z", point.GetProperty("time").GetString());
            Assert.Equal(
                (expected.Count, (double)expected.Sum(), (double)expected.Min(), (double)expected.Max(), expected.Average()),
                (point.GetProperty("count").GetInt32(), point.GetProperty("sum").GetDouble(), point.GetProperty("min").GetDouble(), point.GetProperty("max").GetDouble(), point.GetProperty("avg").GetDouble()));
            // Whole numbers to 256 are exact; the rank is within one of fifty.
            Assert.InRange(point.GetProperty("p50").GetDouble(), expected[(expected.Count / 2) - 1], expected[expected.Count / 2]);
            Assert.InRange(point.GetProperty("p95").GetDouble(), expected[^4], expected[^2]);
            Assert.InRange(point.GetProperty("p99").GetDouble(), expected[^2], expected[^1]);
        }
    }

    [Fact]
    public async Task Metrics_by_second_agree_with_the_rollups()
    {
        var items = (await api.GetAsync($"/api/v1/metrics?stream=shop&value=amount&agg=second&{Span}")).Body.GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(100, items.Count);
        Assert.Equal("2026-07-01T10:00:07.000Z", items[7].GetProperty("time").GetString());
        foreach (var name in (string[])["sum", "min", "max", "avg", "p50", "p95", "p99"]) Assert.Equal(7, items[7].GetProperty(name).GetDouble());
    }

    [Fact]
    public async Task Metrics_page_by_page_gives_every_point_once()
    {
        var times = new List<string>();
        string? cursor = null;
        do
        {
            var body = (await api.GetAsync($"/api/v1/metrics?stream=web&agg=hour&{Span}&limit=7{(cursor is null ? "" : "&cursor=" + cursor)}")).Body;
            times.AddRange(body.GetProperty("items").EnumerateArray().Select(point => point.GetProperty("time").GetString()!));
            cursor = body.GetProperty("next").GetString();
        }
        while (cursor is not null);

        Assert.Equal(20, times.Count);
        Assert.Equal(times.Distinct().Order(), times);
    }

    [Fact]
    public async Task Metrics_between_times_includes_from_and_excludes_to()
    {
        var items = (await api.GetAsync("/api/v1/metrics?stream=web&agg=hour&from=2026-07-01T12:30:00Z&to=2026-07-01T15:00:00Z")).Body.GetProperty("items");

        // The hour in which 'from' lies is whole: a rollup can't be cut.
        Assert.Equal(
            ["2026-07-01T12:00:00.000Z", "2026-07-01T13:00:00.000Z", "2026-07-01T14:00:00.000Z"],
            items.EnumerateArray().Select(point => point.GetProperty("time").GetString()));
    }

    [Fact]
    public async Task Metrics_of_another_tenant_are_its_own()
    {
        Assert.Equal(30, (await api.GetAsync($"/api/v1/metrics?stream=shop&agg=day&{Span}", api.Other)).Body.GetProperty("items")[0].GetProperty("count").GetInt32());
        Assert.Empty((await api.GetAsync($"/api/v1/metrics?stream=web&agg=day&{Span}", api.Other)).Body.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("agg=minute", "stream")]
    [InlineData("stream=shop&agg=week", "agg")]
    [InlineData("stream=shop&from=yesterday", "from")]
    [InlineData("stream=shop&from=2026-07-02T00:00:00Z&to=2026-07-01T00:00:00Z", "from")]
    [InlineData("stream=shop&limit=0", "limit")]
    [InlineData("stream=shop&limit=10001", "limit")]
    [InlineData("stream=shop&cursor=x", "cursor")]
    public async Task Metrics_with_a_wrong_argument_names_it(string query, string field)
    {
        var (status, body) = await api.GetAsync("/api/v1/metrics?" + query);

        Assert.Equal(400, status);
        Assert.Equal(("bad_request", field), (body.GetProperty("code").GetString(), body.GetProperty("field").GetString()));
    }
}
