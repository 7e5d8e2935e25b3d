using System.Text.Json;
using Millrace.EndToEnd.Tests.Support;
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
            using (var client = millrace.Client()) await CreateRuleAsync(client, receiver);
            await FeedUntilAsync(millrace, async client => await StateAsync(client) == "firing");
            await Eventually.TrueAsync(() => receiver.Count("firing") == 1, what: "one webhook for firing");
            if (killInTheMiddle)
            {
                await millrace.KillAsync();
                await millrace.DisposeAsync();
                millrace = await Installation.StartAsync(data.Path, _settings);
            }

            using var after = millrace.Client();
            await Eventually.TrueAsync(async () => await StateAsync(after) == "resolved", TimeSpan.FromSeconds(60), "the alert resolves");
            await Eventually.TrueAsync(() => receiver.Count("resolved") == 1, what: "one webhook for resolved");
            Assert.Equal(1, receiver.Count("firing"));
            Assert.Single((await after.GetAsync("/api/v1/alerts"))["items"]!.AsArray());
        }
        finally
        {
            await millrace.DisposeAsync();
        }
    }

    private static async Task CreateRuleAsync(MillraceClient client, WebhookReceiver receiver)
    {
        var hook = await client.SendAsync(HttpMethod.Post, "/api/v1/receivers", new { name = "test", kind = "webhook", url = receiver.Url + "/hook" });
        await client.SendAsync(HttpMethod.Post, "/api/v1/rules", new
        {
            name = "many purchases",
            kind = "threshold",
            stream = "shop",
            type = "purchase",
            severity = "warning",
            @for = "3s",
            condition = new { value = "count", op = ">", threshold = 5 },
            receivers = new[] { (string)hook["id"]! },
        });
    }

    private static async Task FeedUntilAsync(Installation millrace, Func<MillraceClient, Task<bool>> done)
    {
        using var client = millrace.Client();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var i = 0; i < 300 && !await done(client); i++)
        {
            var lines = Enumerable.Range(0, 10).Select(n => JsonSerializer.Serialize(new { id = $"{i}-{n}", stream = "shop", type = "purchase" }));
            using var answer = await client.IngestAsync(lines);
            Assert.True(answer.IsSuccessStatusCode);
            await timer.WaitForNextTickAsync();
        }

        Assert.True(await done(client), "the rule did not fire within a minute");
    }

    private static async Task<string?> StateAsync(MillraceClient client)
    {
        var alerts = await client.GetAsync("/api/v1/alerts");
        return (string?)alerts["items"]!.AsArray().FirstOrDefault()?["state"];
    }
}
