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
