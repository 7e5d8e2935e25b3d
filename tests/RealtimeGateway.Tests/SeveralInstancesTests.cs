using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Two gateways on one log: a client of one is as well off with the other.</summary>
public sealed class SeveralInstancesTests : GatewayTest
{
    [Fact]
    public async Task Client_of_one_instance_recovers_on_another_exactly_what_it_missed()
    {
        await using var other = await Server.StartBesideAsync();
        string epoch;
        long offset;
        await using (var client = await ConnectAsync())
        {
            epoch = (string)(await client.SubscribeAsync(Metrics))["subscribe"]!["epoch"]!;
            await Writer.PutAsync(LogWriter.Window(1, 1));
            offset = (long)(await client.PublicationAsync())["offset"]!;
        }

        await Writer.PutAsync(LogWriter.Window(2, 1), LogWriter.Window(2, 2), LogWriter.Window(3, 1));
        await SeenByAsync(other, 3);

        await using var again = await SocketClient.ConnectAsync(GatewayServer.AddressOf(other), Server.Token());
        var reply = (await again.RecoverAsync(Metrics, epoch, offset))["subscribe"]!;
        Assert.True((bool)reply["was_recovering"]! && (bool)reply["recovered"]!);
        Assert.Equal([2L, 4L, 2L], reply["publications"]!.AsArray().Select(p => (long)p!["data"]!["data"]!["revision"]!));
        // Live from here on, with positions that the first instance knows too.
        await Writer.PutAsync(LogWriter.Window(4, 9));
        var live = await again.PublicationAsync();
        Assert.Equal(9, (int)live["data"]!["data"]!["count"]!);
        await WindowsSeenAsync(4);
        await using var back = await ConnectAsync();
        var returned = (await back.RecoverAsync(Metrics, epoch, (long)live["offset"]!))["subscribe"]!;
        Assert.True((bool)returned["recovered"]!);
        Assert.Null(returned["publications"]);
    }

    [Fact]
    public async Task Client_recovers_the_events_that_it_missed_on_an_instance_whose_log_hesitates()
    {
        string epoch;
        long offset;
        await using (var client = await ConnectAsync())
        {
            epoch = (string)(await client.SubscribeAsync(Events))["subscribe"]!["epoch"]!;
            await Writer.PutAsync(LogWriter.Event("e1"));
            offset = (long)(await client.PublicationAsync())["offset"]!;
        }

        await Writer.PutAsync(LogWriter.Event("e2"), LogWriter.Event("e3"));
        await using var other = await Server.StartBesideAsync(new HesitantLog(Server.Log, times: 3));

        await using var again = await SocketClient.ConnectAsync(GatewayServer.AddressOf(other), Server.Token());
        var reply = (await again.RecoverAsync(Events, epoch, offset))["subscribe"]!;
        Assert.True((bool)reply["recovered"]!);
        Assert.Equal(["e2", "e3"], reply["publications"]!.AsArray().Select(p => (string)p!["data"]!["data"]!["id"]!));
    }

    [Fact]
    public async Task Subscribers_of_every_instance_get_the_same_publications_at_the_same_positions()
    {
        await using var other = await Server.StartBesideAsync();
        await using var here = await ConnectAsync();
        await using var there = await SocketClient.ConnectAsync(GatewayServer.AddressOf(other), Server.Token());
        await here.SubscribeAsync(Metrics);
        await there.SubscribeAsync(Metrics);
        for (var i = 1; i <= 20; i++) await Writer.PutAsync(LogWriter.Window(i, (ulong)i));
        for (var i = 1; i <= 20; i++) Assert.Equal((await here.PublicationAsync()).ToJsonString(), (await there.PublicationAsync()).ToJsonString());
    }

    private static async Task SeenByAsync(WebApplication gateway, int count)
    {
        using var http = new HttpClient { BaseAddress = GatewayServer.AddressOf(gateway) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", GatewayServer.ApiKey);
        await Eventually.TrueAsync(
            async () => JsonNode.Parse(await http.GetStringAsync(new Uri($"/api/v1/windows?stream={LogWriter.Stream}", UriKind.Relative)))!["items"]!.AsArray().Count == count);
    }
}
