using Millrace.EndToEnd.Tests.Support;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>A notification is neither lost nor repeated when what carries it is away.</summary>
[Collection(SharedClusterCollection.Name)]
public sealed class ClusterAlertTests(SharedCluster shared)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Alert_notifies_once_though_RabbitMQ_is_away_when_it_fires_and_alerting_is_killed_before_it_resolves()
    {
        var millrace = shared.Millrace;
        await using var receiver = await WebhookReceiver.StartAsync();
        using var client = millrace.Client();
        await Alerts.CreateRuleAsync(client, receiver);
        await millrace.RabbitMq.StopAsync(Cancelled);
        await Alerts.FeedUntilAsync(millrace, async c => await Alerts.StateAsync(c) == "firing");
        Assert.Equal(0, receiver.Count("firing"));
        await millrace.RabbitMq.StartAgainAsync(Cancelled);
        await Eventually.TrueAsync(() => receiver.Count("firing") == 1, TimeSpan.FromSeconds(90), "one webhook for firing");

        await millrace.Services.KillAsync("alerting");
        await Eventually.TrueAsync(async () => await Alerts.StateAsync(client) == "resolved", TimeSpan.FromSeconds(90), "the alert resolves");
        await Eventually.TrueAsync(() => receiver.Count("resolved") == 1, TimeSpan.FromSeconds(60), "one webhook for resolved");
        Assert.Equal(1, receiver.Count("firing"));
        Assert.Single((await client.GetAsync("/api/v1/alerts"))["items"]!.AsArray());
    }
}
