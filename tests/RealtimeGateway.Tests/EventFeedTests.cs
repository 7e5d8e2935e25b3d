using Millrace.Hosting.Incidents;
using Millrace.RealtimeGateway.Sources;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Feeds that are faster than anybody can read.</summary>
public sealed class EventFeedTests : GatewayTest
{
    protected override (string, string)[] Settings => [("Gateway:Events:FullRate", "100")];

    [Fact]
    public async Task Feed_beyond_its_rate_is_sampled_and_says_so()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, $"/ws?stream=shop&mode=full&access_token={Server.Token()}");
        await client.ReadAsync();

        await Writer.PutAsync(Enumerable.Range(1, 2000).Select(i => LogWriter.Event($"e{i}")));
        var full = 0;
        var message = await client.ReadAsync();
        for (; (string)message["type"]! == "event"; message = await client.ReadAsync()) full++;
        var sampled = await client.ReadAsync();

        Assert.InRange(full, 100, 1000);
        Assert.Equal("degraded", (string)message["type"]!);
        Assert.Equal("tenth", (string)message["data"]!["step"]!);
        Assert.Equal(0.1, (double)message["data"]!["sample_rate"]!);
        Assert.NotEmpty((string)message["data"]!["reason"]!);
        Assert.Equal("event", (string)sampled["type"]!);
        Assert.Equal(0.1, (double)sampled["sample_rate"]!);
        var incident = Assert.Single(Server.Get<IncidentLog>().Current).Report;
        Assert.Equal(
            ("realtime-gateway", IncidentKinds.FeedSampled, Events, "acme"), (incident.Service, incident.Kind, incident.Subject, incident.Audience));
    }

    [Fact]
    public async Task Lag_of_the_aggregator_is_told_to_those_who_watch_windows_and_its_end_too()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, $"/ws?stream=shop&access_token={Server.Token()}");
        await client.ReadAsync();
        var incidents = Server.Get<IncidentLog>();

        incidents.Open(new IncidentReport("aggregator", IncidentKinds.AggregatorLag, "", "slower_live", "Behind.") { Audience = IncidentReport.Everyone, Peak = 3 });
        var begun = await client.ReadAsync();
        incidents.Close("aggregator", IncidentKinds.AggregatorLag, "");
        var ended = await client.ReadAsync();

        Assert.Equal(
            ("degraded", Metrics, true, "slower_live", 1.0, "aggregator", "Behind."),
            ((string)begun["type"]!, (string)begun["channel"]!, (bool)begun["data"]!["degraded"]!, (string)begun["data"]!["step"]!,
                (double)begun["data"]!["sample_rate"]!, (string)begun["data"]!["service"]!, (string)begun["data"]!["reason"]!));
        Assert.Equal(("degraded", false, "normal"), ((string)ended["type"]!, (bool)ended["data"]!["degraded"]!, (string)ended["data"]!["step"]!));
    }

    [Fact]
    public void Feed_of_a_reader_that_is_behind_is_sampled_until_it_has_caught_up_for_a_while()
    {
        var lag = new LagSteps(TimeSpan.FromSeconds(2));
        var sampler = new EventSampler(100);
        var steps = new List<(int At, string Step)>();
        for (var at = 1; at <= 60; at++)
        {
            lag.Observe(TimeSpan.FromSeconds(at is > 10 and <= 12 ? 3 : at is > 12 and <= 20 ? 11 : at is > 20 and <= 25 ? 4 : 0.1), TimeSpan.FromSeconds(at));
            sampler.LeastStep = lag.Step;
            if (sampler.Advance(at * 1000)) steps.Add((at, sampler.StepName));
        }

        // Down a step after five seconds below half of what it was entered for, and the sampler's own calm of five seconds.
        Assert.Equal(["tenth", "hundredth", "tenth", "full"], steps.Select(step => step.Step));
        Assert.Equal((11, 13), (steps[0].At, steps[1].At));
        Assert.InRange(steps[2].At, 26, 32);
        Assert.InRange(steps[3].At, steps[2].At + 5, 42);
    }

    [Fact]
    public void Sampler_of_a_feed_that_falls_silent_comes_back_to_everything()
    {
        var sampler = new EventSampler(100);
        for (var i = 0; i < 5000; i++) sampler.Count(1000);
        Assert.Equal("hundredth", sampler.StepName);

        for (var second = 2; second <= 30; second++) sampler.Advance(second * 1000);

        Assert.Equal("full", sampler.StepName);
    }

    [Fact]
    public void Sampler_steps_up_at_once_and_down_after_calm_seconds()
    {
        var sampler = new EventSampler(100);
        for (var i = 0; i < 5000; i++) sampler.Count(1000);
        Assert.Equal("hundredth", sampler.StepName);

        for (var second = 2; second <= 30; second++) sampler.Count(second * 1000);

        Assert.Equal("full", sampler.StepName);
        Assert.Equal(1, sampler.Rate);
    }

    [Fact]
    public void Sampler_takes_about_its_share_and_always_the_same_ids()
    {
        var sampler = new EventSampler(100);
        for (var i = 0; i < 500; i++) sampler.Count(1000);
        Assert.Equal("tenth", sampler.StepName);

        var taken = Enumerable.Range(0, 10_000).Where(i => sampler.Takes(System.Text.Encoding.UTF8.GetBytes($"event-{i}"))).ToList();

        Assert.InRange(taken.Count, 800, 1200);
        Assert.All(taken, i => Assert.True(sampler.Takes(System.Text.Encoding.UTF8.GetBytes($"event-{i}"))));
    }
}
