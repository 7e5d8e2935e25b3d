using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.EndToEnd.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>What is played again from the archive comes out as it was before the damage: by count and sum of each bucket, row by row, alert by alert.</summary>
[Collection(SharedInstallationCollection.Name)]
public sealed class ReplayTests(SharedInstallation shared)
{
    private Installation Millrace => shared.Millrace;

    [Fact]
    public async Task Damaged_rollups_and_rows_come_back_exactly_while_events_keep_coming()
    {
        var scene = new ReplayScene("replays");
        await scene.PostAsync(Millrace, "broken", 3000);
        await scene.PostAsync(Millrace, "whole", 500);
        await scene.RollupsAreExactAsync(Millrace, "broken");
        var (rollups, rows, others) = (await scene.RollupsAsync(Millrace, "broken"), await scene.EventsAsync(Millrace, "broken"), await scene.RollupsAsync(Millrace, "whole"));
        await scene.DamageRollupsAsync(Millrace, "broken");
        Assert.NotEqual(rollups, await scene.RollupsAsync(Millrace, "broken"));
        var lost = await scene.DamageEventsAsync(Millrace, "broken");
        Assert.InRange(lost, 1, 2999);

        var replay = await scene.BeginAsync(Millrace, "\"target\":\"rollups\"");
        await scene.PostAsync(Millrace, "coming", 700);
        replay = await scene.EndAsync(Millrace, replay);
        Assert.Equal(("done", null), ((string?)replay["state"], (string?)replay["error"]));
        // What came in time for it was played along with the rest.
        Assert.InRange((long)replay["rows"]!["read"]!, 3500, 4200);
        Assert.Equal((long)replay["objects"]!["total"]!, (long)replay["objects"]!["done"]!);
        Assert.Equal(rollups, await scene.RollupsAsync(Millrace, "broken"));
        Assert.Equal(others, await scene.RollupsAsync(Millrace, "whole"));
        foreach (var stream in (string[])["broken", "whole", "coming"]) await scene.RollupsAreExactAsync(Millrace, stream);

        replay = await scene.ReplayAsync(Millrace, "\"target\":\"table\",\"table\":\"events\",\"stream\":\"broken\"");
        Assert.Equal((3000, lost), ((long)replay["rows"]!["read"]!, (long)replay["rows"]!["applied"]!));
        Assert.Equal(rows, await scene.EventsAsync(Millrace, "broken"));
        await ReplayScene.NothingIsLeftAsync(Millrace);

        // Once more changes nothing.
        Assert.Equal("done", (string?)(await scene.ReplayAsync(Millrace, "\"target\":\"rollups\""))["state"]);
        Assert.Equal(0, (long)(await scene.ReplayAsync(Millrace, "\"target\":\"table\",\"table\":\"events\""))["rows"]!["applied"]!);
        Assert.Equal(rollups, await scene.RollupsAsync(Millrace, "broken"));
        foreach (var stream in (string[])["broken", "whole", "coming"])
        {
            await scene.RollupsAreExactAsync(Millrace, stream);
            await scene.EventsAreExactAsync(Millrace, stream);
        }
    }

    [Fact]
    public async Task Rule_over_the_past_says_what_it_raised_and_raises_nothing()
    {
        using var client = new MillraceClient(Millrace, Tokens.Valid("replayed-rules"));
        var condition = new { value = "count", op = ">", threshold = 5 };
        var rule = await client.SendAsync(HttpMethod.Post, "/api/v1/rules", new { name = "many", kind = "threshold", stream = "shop", severity = "warning", condition });
        var from = TimeProvider.System.GetUtcNow();
        using (var answer = await client.IngestAsync(Enumerable.Range(0, 30).Select(n => JsonSerializer.Serialize(new { id = $"{n}", stream = "shop" })))) Assert.True(answer.IsSuccessStatusCode);
        var alert = await Eventually.ValueAsync(
            async () => (await client.GetAsync("/api/v1/alerts"))["items"]!.AsArray().FirstOrDefault(), found => (string?)found?["state"] == "resolved", TimeSpan.FromSeconds(60));

        var path = $"/api/v1/rules/{rule["id"]}/replays";
        object range = new { from = from.AddMinutes(-1).ToString("O"), to = from.AddMinutes(10).ToString("O") };
        var said = await client.SendAsync(HttpMethod.Post, path, range);
        Assert.True((bool)said["complete"]!);
        Assert.Equal(["firing", "resolved"], Changes(said).Select(change => (string?)change["state"]));
        Assert.All(Changes(said), change => Assert.Equal((string?)alert!["id"], (string?)change["alert_id"]));
        Assert.Equal(said.ToJsonString(), (await client.SendAsync(HttpMethod.Post, path, range)).ToJsonString());

        var higher = JsonSerializer.SerializeToNode(range)!;
        higher["rule"] = JsonSerializer.SerializeToNode(new { name = "more", kind = "threshold", stream = "shop", severity = "warning", condition = condition with { threshold = 30 } });
        Assert.Empty(Changes(await client.SendAsync(HttpMethod.Post, path, higher)));
        Assert.Equal(alert!.ToJsonString(), Assert.Single((await client.GetAsync("/api/v1/alerts"))["items"]!.AsArray())!.ToJsonString());
    }

    private static List<JsonNode> Changes(JsonNode replay) => [.. replay["changes"]!.AsArray().Select(change => change!)];
}
