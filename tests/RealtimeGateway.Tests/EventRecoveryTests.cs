using System.Text.Json.Nodes;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>
/// Listeners to single events that come back after a restart of the gateway that took longer than it looks back: what they missed stands on the log and is
/// read from there.
/// </summary>
public sealed class EventRecoveryTests : GatewayTest
{
    protected override (string, string)[] Settings => [("Gateway:Events:LookBack", "00:00:00"), ("Gateway:History:RecoveryCount", "20")];

    [Fact]
    public async Task Listener_gets_exactly_what_it_missed_however_long_it_was_away()
    {
        var (epoch, offset) = await SeenOneAsync();
        // Other streams stand in other partitions, with other offsets.
        await Writer.PutAsync(Enumerable.Range(0, 50).Select(i => LogWriter.Event($"x{i}", stream: $"other-{i % 10}")));
        await Writer.PutAsync(LogWriter.Event("e2"), LogWriter.Event("e3"));
        await Server.RestartAsync();

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Events, epoch, offset))["subscribe"]!;

        Assert.True((bool)reply["recovered"]!);
        Assert.Equal(["e2", "e3"], Ids(reply));
        // Another that comes from there is served from the history that the first has filled.
        await using var second = await ConnectAsync();
        Assert.Equal(["e2", "e3"], Ids((await second.RecoverAsync(Events, epoch, offset))["subscribe"]!));
        await Writer.PutAsync(LogWriter.Event("e4"));
        Assert.Equal("e4", (string)(await client.PublicationAsync())["data"]!["data"]!["id"]!);
    }

    [Fact]
    public async Task Listener_that_missed_nothing_is_recovered_though_other_partitions_are_further_or_less_far()
    {
        await Writer.PutAsync(Enumerable.Range(0, 50).Select(i => LogWriter.Event($"x{i}", stream: $"other-{i % 10}")));
        var (epoch, offset) = await SeenOneAsync();
        await Server.RestartAsync();

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Events, epoch, offset))["subscribe"]!;

        Assert.True((bool)reply["recovered"]!);
        Assert.Null(reply["publications"]);
    }

    [Fact]
    public async Task Plain_socket_goes_on_where_it_was()
    {
        var (epoch, offset) = await SeenOneAsync();
        await Writer.PutAsync(LogWriter.Event("e2"), LogWriter.Event("e3", type: "return"), LogWriter.Event("e4"));
        await Server.RestartAsync();

        await using var client = await SocketClient.OpenAsync(Server.Address, $"/ws?stream=shop&mode=full&type=purchase&since={epoch}:{offset}&access_token={Server.Token()}");

        Assert.Equal("e2", (string)(await client.ReadAsync())["data"]!["id"]!);
        Assert.Equal("e4", (string)(await client.ReadAsync())["data"]!["id"]!);
    }

    [Fact]
    public async Task More_than_a_recovery_may_bring_is_a_snapshot()
    {
        var (epoch, offset) = await SeenOneAsync();
        await Writer.PutAsync(Enumerable.Range(0, 21).Select(i => LogWriter.Event($"m{i}")));
        await Server.RestartAsync();

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Events, epoch, offset))["subscribe"]!;

        Assert.Null(reply["recovered"]);
        Assert.NotNull(reply["data"]);
    }

    private static List<string> Ids(JsonNode reply) => [.. reply["publications"]!.AsArray().Select(p => (string)p!["data"]!["data"]!["id"]!)];

    /// <summary>A listener that has seen one event and is gone.</summary>
    private async Task<(string Epoch, long Offset)> SeenOneAsync()
    {
        await using var client = await ConnectAsync();
        var epoch = (string)(await client.SubscribeAsync(Events))["subscribe"]!["epoch"]!;
        await Writer.PutAsync(LogWriter.Event("e1"));
        return (epoch, (long)(await client.PublicationAsync())["offset"]!);
    }
}
