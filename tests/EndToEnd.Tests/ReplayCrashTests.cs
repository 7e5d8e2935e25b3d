using Millrace.EndToEnd.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>A replay whose process dies is finished by the next one, and what it comes to is the same.</summary>
public sealed class ReplayCrashTests
{
    private const string Stream = "broken";
    private const string Cancelled = "cancelled";

    [Theory]
    [InlineData("archiver.replay.copied")]
    [InlineData("archiver.replay.applied")]
    public async Task Replay_whose_process_is_killed_is_finished_and_exact(string point)
    {
        using var data = new TempDirectory();
        var scene = new ReplayScene("replays");
        var settings = new Dictionary<string, string> { ["Millrace__Archiver__ReplayLease"] = "00:00:03", ["Millrace__Archiver__Objects__MaxAge"] = "00:00:01" };
        await using var first = await Installation.StartAsync(data.Path, new Dictionary<string, string>(settings) { ["MILLRACE_FAULT"] = $"{point}=kill@1" });
        foreach (var stream in (string[])[Stream, Cancelled])
        {
            await scene.PostAsync(first, stream, 600);
            await scene.DamageRollupsAsync(first, stream);
        }

        var damaged = await scene.RollupsAsync(first, Cancelled);
        var replay = await scene.BeginAsync(first, $"\"target\":\"rollups\",\"stream\":\"{Stream}\"");
        await Eventually.TrueAsync(() => !Processes.IsAlive(first.ProcessId), TimeSpan.FromSeconds(60), $"death at {point}");

        await using var second = await Installation.StartAsync(data.Path, settings);
        // Behind the one that goes on.
        var unwanted = await scene.BeginAsync(second, $"\"target\":\"rollups\",\"stream\":\"{Cancelled}\"");
        using (var client = scene.Client(second)) await client.SendAsync(HttpMethod.Post, $"/api/v1/replays/{unwanted["id"]}/cancel", new { });
        replay = await scene.EndAsync(second, replay);
        Assert.Equal(("done", null), ((string?)replay["state"], (string?)replay["error"]));
        await scene.RollupsAreExactAsync(second, Stream);
        Assert.Equal("cancelled", (string?)(await scene.EndAsync(second, unwanted))["state"]);
        Assert.Equal(damaged, await scene.RollupsAsync(second, Cancelled));

        // The sink goes on, and once more comes to the same.
        await scene.PostAsync(second, Stream, 300);
        await scene.RollupsAreExactAsync(second, Stream);
        Assert.Equal("done", (string?)(await scene.ReplayAsync(second, "\"target\":\"rollups\""))["state"]);
        foreach (var stream in (string[])[Stream, Cancelled])
        {
            await scene.RollupsAreExactAsync(second, stream);
            await scene.EventsAreExactAsync(second, stream);
        }

        await ReplayScene.NothingIsLeftAsync(second);
    }
}
