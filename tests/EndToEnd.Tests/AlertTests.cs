using Millrace.EndToEnd.Tests.Support;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>A rule fires once, notifies once and resolves once, also when Millrace is killed in the middle.</summary>
public sealed class AlertTests
{
    private static readonly Dictionary<string, string> _settings = new() { ["Millrace__Alerting__Webhooks__AllowPrivateAddresses"] = "true" };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Threshold_rule_fires_once_and_resolves_once(bool killInTheMiddle)
    {
        using var data = new TempDirectory();
        await using var receiver = await WebhookReceiver.StartAsync();
        var millrace = await Installation.StartAsync(data.Path, _settings);
        try
        {
            using (var client = millrace.Client()) await Alerts.CreateRuleAsync(client, receiver);
            await Alerts.FeedUntilAsync(millrace, async client => await Alerts.StateAsync(client) == "firing");
            await Eventually.TrueAsync(() => receiver.Count("firing") == 1, what: "one webhook for firing");
            if (killInTheMiddle)
            {
                await millrace.KillAsync();
                await millrace.DisposeAsync();
                millrace = await Installation.StartAsync(data.Path, _settings);
            }

            using var after = millrace.Client();
            await Eventually.TrueAsync(async () => await Alerts.StateAsync(after) == "resolved", TimeSpan.FromSeconds(60), "the alert resolves");
            await Eventually.TrueAsync(() => receiver.Count("resolved") == 1, what: "one webhook for resolved");
            Assert.Equal(1, receiver.Count("firing"));
            Assert.Single((await after.GetAsync("/api/v1/alerts"))["items"]!.AsArray());
        }
        finally
        {
            await millrace.DisposeAsync();
        }
    }
}
