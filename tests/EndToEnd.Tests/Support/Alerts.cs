using System.Text.Json;
using Millrace.Servers;
using Xunit;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>A rule on the number of purchases, and what makes it fire.</summary>
internal static class Alerts
{
    public static async Task CreateRuleAsync(MillraceClient client, WebhookReceiver receiver)
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

    public static async Task FeedUntilAsync(IMillrace millrace, Func<MillraceClient, Task<bool>> done)
    {
        using var client = new MillraceClient(millrace, Installation.ApiKey);
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

    public static async Task<string?> StateAsync(MillraceClient client)
    {
        var alerts = await client.GetAsync("/api/v1/alerts");
        return (string?)alerts["items"]!.AsArray().FirstOrDefault()?["state"];
    }
}
