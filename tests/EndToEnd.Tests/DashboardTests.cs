using Millrace.EndToEnd.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>What a person sees, in a real browser.</summary>
[Collection(SharedInstallationCollection.Name)]
public sealed class DashboardTests(SharedInstallation shared)
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Page_shows_posted_events_in_tile_feed_and_chart()
    {
        RequireBrowser();
        await NodeScript.RunAsync("browser", "dashboard.mjs", _limit, shared.Millrace.Url.GetLeftPart(UriPartial.Authority), Installation.ApiKey, "browser");
    }

    [Fact]
    public async Task Demo_shows_moving_tiles_and_an_alert_to_acknowledge()
    {
        RequireBrowser();
        using var data = new TempDirectory();
        await using var millrace = await Installation.StartAsync(data.Path, null, "--demo");
        await NodeScript.RunAsync("browser", "demo.mjs", _limit, $"{millrace.Url.GetLeftPart(UriPartial.Authority)}/#key={Installation.ApiKey}");
    }

    private static void RequireBrowser()
    {
        TestEnvironment.RequireProgramOrSkip("chromium", "apt-get install chromium");
        TestEnvironment.RequireOrSkip(Directory.Exists(Path.Combine(Repository.Clients("browser"), "node_modules")), "npm ci in tests/clients/browser");
    }
}
