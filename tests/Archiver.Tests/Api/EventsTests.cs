using Xunit;

namespace Millrace.Archiver.Tests.Api;

public sealed class EventsTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string Span = "from=2026-07-01T00:00:00Z&to=2026-07-03T00:00:00Z";

    [Fact]
    public async Task Events_newest_first_with_every_field()
    {
        var (status, body) = await api.GetAsync($"/api/v1/events?stream=shop&limit=10&{Span}");

        Assert.Equal(200, status);
        var items = body.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(90, 10).Reverse().Select(i => $"s{i:000}"), items.Select(item => item.GetProperty("id").GetString()));
        Assert.Equal(
            """{"id":"s095","stream":"shop","type":"view","time":"2026-07-01T10:01:35.000Z","received_at":"2026-07-01T10:01:35.007Z","source":"till-2","dims":{"country":"FR"},"values":{"amount":95},"geo":null,"data":{"n": [1, "zwei"]},"late":true}""",
            items[4].GetRawText());
        Assert.Equal("""{"lat":1.5,"lon":-2}""", items[9].GetProperty("geo").GetRawText());
    }

    [Theory]
    [InlineData("shop", 7, 100)]
    [InlineData("web", 3, 20)]
    public async Task Events_page_by_page_gives_every_event_once(string stream, int limit, int count)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            var body = (await api.GetAsync($"/api/v1/events?stream={stream}&limit={limit}&{Span}{(cursor is null ? "" : "&cursor=" + cursor)}")).Body;
            ids.AddRange(body.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = body.GetProperty("next").GetString();
        }
        while (cursor is not null);

        Assert.Equal(count, ids.Count);
        Assert.Equal(ids.Distinct().OrderDescending(StringComparer.Ordinal), ids);
    }

    [Fact]
    public async Task Events_of_one_type_and_time_are_only_those()
    {
        var items = (await api.GetAsync("/api/v1/events?stream=shop&type=purchase&from=2026-07-01T10:00:10Z&to=2026-07-01T10:00:14Z")).Body.GetProperty("items");

        Assert.Equal(["s012", "s010"], items.EnumerateArray().Select(item => item.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Events_of_another_tenant_are_its_own() =>
        Assert.Equal(30, (await api.GetAsync($"/api/v1/events?stream=shop&limit=1000&{Span}", api.Other)).Body.GetProperty("items").GetArrayLength());

    [Theory]
    [InlineData("limit=10", "stream")]
    [InlineData("stream=shop&limit=1001", "limit")]
    [InlineData("stream=shop&late=maybe", "late")]
    [InlineData("stream=shop&cursor=!!", "cursor")]
    [InlineData("stream=shop&cursor=YWJj", "cursor")]
    [InlineData("stream=shop&to=2020-01-01T00:00:00Z&from=2021-01-01T00:00:00Z", "from")]
    public async Task Events_with_a_wrong_argument_names_it(string query, string field)
    {
        var (status, body) = await api.GetAsync("/api/v1/events?" + query);

        Assert.Equal(400, status);
        Assert.Equal(field, body.GetProperty("field").GetString());
    }
}
