using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>What a client gets that comes back.</summary>
public sealed class RecoveryTests : GatewayTest
{
    protected override (string, string)[] Settings => [("Gateway:History:Count", "50")];

    [Fact]
    public async Task Recover_after_a_gap_brings_exactly_what_was_missed()
    {
        var (epoch, offset) = await SeenOneAsync();
        await Writer.PutAsync(LogWriter.Window(2, 1), LogWriter.Window(2, 2), LogWriter.Window(3, 1));
        await WindowsSeenAsync(3);

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Metrics, epoch, offset))["subscribe"]!;

        Assert.True((bool)reply["was_recovering"]! && (bool)reply["recovered"]!);
        Assert.Null(reply["data"]);
        Assert.Equal([2L, 4L, 2L], reply["publications"]!.AsArray().Select(p => (long)p!["data"]!["data"]!["revision"]!));
        Assert.Equal(offset, (long)reply["offset"]!);
        await Writer.PutAsync(LogWriter.Window(4, 9));
        Assert.Equal(9, (int)(await client.PublicationAsync())["data"]!["data"]!["count"]!);
    }

    [Fact]
    public async Task Recover_without_a_gap_brings_nothing()
    {
        var (epoch, offset) = await SeenOneAsync();

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Metrics, epoch, offset))["subscribe"]!;

        Assert.True((bool)reply["recovered"]!);
        Assert.Null(reply["publications"]);
    }

    [Fact]
    public async Task Recover_from_before_the_first_record_brings_everything()
    {
        await using var first = await ConnectAsync();
        var before = (await first.SubscribeAsync(Metrics))["subscribe"]!;
        await first.DisposeAsync();
        await Writer.PutAsync(LogWriter.Window(1, 1), LogWriter.Window(2, 1));
        await WindowsSeenAsync(2);

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Metrics, (string)before["epoch"]!, (long)before["offset"]!))["subscribe"]!;

        Assert.True((bool)reply["recovered"]!);
        Assert.Equal(2, reply["publications"]!.AsArray().Count);
    }

    [Fact]
    public async Task Recover_from_another_epoch_gets_a_snapshot()
    {
        var (_, offset) = await SeenOneAsync();

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Metrics, "another", offset))["subscribe"]!;

        Assert.True((bool)reply["was_recovering"]!);
        Assert.Null(reply["recovered"]);
        Assert.Single(reply["data"]!["data"]!["windows"]!.AsArray());
    }

    [Fact]
    public async Task Recover_from_the_future_gets_a_snapshot()
    {
        var (epoch, offset) = await SeenOneAsync();

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Metrics, epoch, offset + 1_000_000))["subscribe"]!;

        Assert.Null(reply["recovered"]);
        Assert.NotNull(reply["data"]);
    }

    [Fact]
    public async Task Recover_beyond_history_gets_a_snapshot()
    {
        var (epoch, offset) = await SeenOneAsync();
        await Writer.PutAsync(Enumerable.Range(2, 60).Select(i => LogWriter.Window(i, 1)));
        await WindowsSeenAsync(61);

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Metrics, epoch, offset))["subscribe"]!;

        Assert.Null(reply["recovered"]);
        Assert.Equal(61, reply["data"]!["data"]!["windows"]!.AsArray().Count);
    }

    [Fact]
    public async Task Recover_after_a_restart_brings_exactly_what_was_missed()
    {
        var (epoch, offset) = await SeenOneAsync();
        await Writer.PutAsync(LogWriter.Window(2, 1));
        await Server.RestartAsync();
        await Writer.PutAsync(LogWriter.Window(3, 1));
        await WindowsSeenAsync(3);

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Metrics, epoch, offset))["subscribe"]!;

        Assert.True((bool)reply["recovered"]!);
        Assert.Equal(
            ["2026-01-01T00:00:02.000Z", "2026-01-01T00:00:03.000Z"],
            reply["publications"]!.AsArray().Select(p => (string)p!["data"]!["data"]!["window_start"]!));
    }

    [Fact]
    public async Task Recover_of_events_after_a_restart_brings_exactly_what_was_missed()
    {
        await using var first = await ConnectAsync();
        var epoch = (string)(await first.SubscribeAsync(Events))["subscribe"]!["epoch"]!;
        await Writer.PutAsync(LogWriter.Event("e1"));
        var offset = (long)(await first.PublicationAsync())["offset"]!;
        await Writer.PutAsync(LogWriter.Event("e2"), LogWriter.Event("x", stream: "other"), LogWriter.Event("e3"));
        await Server.RestartAsync();

        await using var client = await ConnectAsync();
        var reply = (await client.RecoverAsync(Events, epoch, offset))["subscribe"]!;

        Assert.True((bool)reply["recovered"]!);
        Assert.Equal(["e2", "e3"], reply["publications"]!.AsArray().Select(p => (string)p!["data"]!["data"]!["id"]!));
    }

    [Fact]
    public async Task Windows_of_before_a_restart_are_still_there()
    {
        await Writer.PutAsync(Enumerable.Range(0, 40).Select(i => LogWriter.Window(i, 2, final: true)));
        await WindowsSeenAsync(40);

        await Server.RestartAsync();

        Assert.Equal(80, Counts((await GetAsync("/api/v1/windows?stream=shop"))["items"]!).Sum());
    }

    /// <summary>A client that has seen one publication and is gone.</summary>
    private async Task<(string Epoch, long Offset)> SeenOneAsync()
    {
        await using var client = await ConnectAsync();
        var reply = (await client.SubscribeAsync(Metrics))["subscribe"]!;
        await Writer.PutAsync(LogWriter.Window(1, 1));
        var publication = await client.PublicationAsync();
        return ((string)reply["epoch"]!, (long)publication["offset"]!);
    }
}
