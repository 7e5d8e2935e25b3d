using System.Net;
using System.Text.Json.Nodes;
using Millrace.Hosting.Incidents;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary><c>GET /api/v1/incidents</c>.</summary>
public sealed class IncidentTests : GatewayTest
{
    [Fact]
    public async Task List_shows_a_tenant_its_own_and_an_operator_all()
    {
        var log = Server.Get<IncidentLog>();
        log.Open(Report("", "disk", peak: null));
        log.Open(Report("*", "lag", peak: 7.5));
        log.Open(Report("acme", "feed", peak: 2));
        log.Open(Report("globex", "feed of another", peak: 2));
        log.Close("aggregator", IncidentKinds.AggregatorLag, "lag");
        var operators = Server.Token(tenant: "ops", roles: ["operator"]);
        await Eventually.TrueAsync(async () => (await GetAsync("/api/v1/incidents", operators))["items"]!.AsArray().Count == 4);

        var own = (await GetAsync("/api/v1/incidents"))["items"]!.AsArray();

        Assert.Equal(["feed", "lag"], own.Select(one => (string)one!["subject"]!).Order());
        Assert.All(own, one => Assert.False(one!.AsObject().ContainsKey("instance") || one.AsObject().ContainsKey("audience")));
        var lag = own.Single(one => (string)one!["subject"]! == "lag")!;
        Assert.Equal(("aggregator", "aggregator_lag", "step", "Why.", 7.5, "s"), (
            (string)lag["service"]!, (string)lag["kind"]!, (string)lag["step"]!, (string)lag["cause"]!, (double)lag["peak"]!, (string)lag["peak_unit"]!));
        Assert.NotNull(lag["ended_at"]);
        Assert.Equal(["feed"], Subjects(await GetAsync("/api/v1/incidents?open=true")));
        Assert.Equal(["feed of another", "lag"], Subjects(await GetAsync("/api/v1/incidents?tenant=globex", operators)));
        Assert.Empty(Subjects(await GetAsync("/api/v1/incidents?kind=objects_away", operators)));
    }

    [Fact]
    public async Task List_goes_page_by_page()
    {
        var log = Server.Get<IncidentLog>();
        for (var i = 0; i < 5; i++) log.Open(Report("acme", $"{i}", null));
        await Eventually.TrueAsync(async () => Subjects(await GetAsync("/api/v1/incidents")).Count == 5);

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await GetAsync("/api/v1/incidents?limit=2" + (cursor is null ? "" : "&cursor=" + cursor));
            seen.AddRange(Subjects(page));
            cursor = (string?)page["next"];
        }
        while (cursor is not null);

        Assert.Equal(["0", "1", "2", "3", "4"], seen.Order());
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("open=maybe")]
    [InlineData("cursor=x")]
    [InlineData("cursor=1-'")]
    public async Task List_refuses_what_it_does_not_know(string query)
    {
        using var http = Server.Http();
        Assert.Equal(HttpStatusCode.BadRequest, (await http.GetAsync("/api/v1/incidents?" + query)).StatusCode);
    }

    private static List<string> Subjects(JsonNode page) => [.. page["items"]!.AsArray().Select(one => (string)one!["subject"]!).Order()];

    private static IncidentReport Report(string audience, string subject, double? peak) =>
        new("aggregator", IncidentKinds.AggregatorLag, subject, "step", "Why.") { Audience = audience, Peak = peak, PeakUnit = "s" };
}
