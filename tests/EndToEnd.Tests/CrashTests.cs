using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.EndToEnd.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>kill -9 under load: what was answered with 202 is there exactly once.</summary>
public sealed class CrashTests
{
    private const string Stream = "crash";

    [Fact]
    public async Task Kill_under_load_loses_and_doubles_nothing()
    {
        using var data = new TempDirectory();
        var acknowledged = new ConcurrentBag<string>();
        var random = new Random(3);
        for (var round = 0; round < 3; round++)
        {
            await using var millrace = await Installation.StartAsync(data.Path);
            using var stop = new CancellationTokenSource();
            var load = Enumerable.Range(0, 4).Select(sender => SendAsync(millrace, $"{round}-{sender}", acknowledged, stop.Token)).ToArray();
            var enough = acknowledged.Count + random.Next(4_000, 12_000);
            await Eventually.TrueAsync(() => acknowledged.Count > enough, TimeSpan.FromSeconds(60), "enough acknowledged events");
            await millrace.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(load);
        }

        await using var last = await Installation.StartAsync(data.Path);
        using var client = last.Client();
        var ledger = await Eventually.ValueAsync(async () => await client.LedgerAsync(), l => l.Pending == 0 && l.Balances, TimeSpan.FromSeconds(90));
        var archived = (await client.SqlAsync($"SELECT id FROM events WHERE stream = '{Stream}'")).Split('\n');
        Assert.Equal(archived.Length, archived.Distinct().Count());
        Assert.Empty(acknowledged.Except(archived));
        Assert.Equal(ledger.Archived, archived.Length);

        var objects = await ObjectLines.IdsAsync(data.Path, Installation.Tenant, Stream);
        Assert.Equal(archived.Order(), objects.Order());

        var windows = await Eventually.ValueAsync(
            async () => await client.WindowsAsync(Stream, final: true), found => found.Sum(w => (long)w["count"]!) >= ledger.Aggregated, TimeSpan.FromSeconds(60));
        Assert.Equal(ledger.Aggregated, windows.Sum(window => (long)window["count"]!));
    }

    [Fact]
    public async Task Stop_ends_cleanly_and_leaves_no_child_behind()
    {
        using var data = new TempDirectory();
        await using var millrace = await Installation.StartAsync(data.Path);
        var children = Processes.ChildrenOf(millrace.ProcessId);
        Assert.NotEmpty(children);
        Assert.Equal(0, await millrace.StopAsync());
        await Eventually.TrueAsync(() => children.All(child => !Processes.IsAlive(child)), what: "children gone");
    }

    [Fact]
    public async Task Killed_parent_takes_its_child_along()
    {
        using var data = new TempDirectory();
        await using var millrace = await Installation.StartAsync(data.Path);
        var children = Processes.ChildrenOf(millrace.ProcessId);
        Processes.KillAlone(millrace.ProcessId);
        await Eventually.TrueAsync(() => children.All(child => !Processes.IsAlive(child)), what: "children gone");
    }

    private static async Task SendAsync(Installation millrace, string sender, ConcurrentBag<string> acknowledged, CancellationToken cancellationToken)
    {
        using var client = millrace.Client();
        for (var batch = 0; !cancellationToken.IsCancellationRequested; batch++)
        {
            var ids = Enumerable.Range(0, 50).Select(i => $"{sender}-{batch}-{i}").ToList();
            var lines = ids.Select(id => JsonSerializer.Serialize(new { id, stream = Stream, values = new { one = 1 } }));
            try
            {
                using var answer = await client.IngestAsync(lines);
                var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(CancellationToken.None));
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
                Assert.Equal(ids.Count, (int)body!["accepted"]!);
                foreach (var id in ids) acknowledged.Add(id);
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                return; // Killed in the middle: this batch was never acknowledged.
            }
        }
    }
}
