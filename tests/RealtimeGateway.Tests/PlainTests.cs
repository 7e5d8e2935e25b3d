using System.Net;
using System.Text.Json.Nodes;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary><c>GET /ws</c> and <c>GET /sse</c>.</summary>
public sealed class PlainTests : GatewayTest
{
    protected override (string, string)[] Settings => [("Gateway:Connections:PingInterval", "00:00:01"), ("Gateway:Connections:ExpiryGrace", "00:00:00")];

    private Task<SocketClient> OpenAsync(string query) => SocketClient.OpenAsync(Server.Address, $"/ws?{query}&access_token={Server.Token()}");

    [Fact]
    public async Task Socket_begins_with_snapshot_and_goes_on_with_deltas()
    {
        await Writer.PutAsync(LogWriter.Window(1, 3));
        await WindowsSeenAsync(1);
        await using var client = await OpenAsync("stream=shop");

        var snapshot = await client.ReadAsync();
        await Writer.PutAsync(LogWriter.Window(1, 4));
        var delta = await client.ReadAsync();

        Assert.Equal("snapshot", (string)snapshot["type"]!);
        Assert.Equal([3], Counts(snapshot["data"]!["windows"]!));
        Assert.Equal("window", (string)delta["type"]!);
        Assert.Equal(Metrics, (string)delta["channel"]!);
        Assert.Equal((string)snapshot["epoch"]!, (string)delta["epoch"]!);
        Assert.True((long)delta["offset"]! > (long)snapshot["offset"]!);
        Assert.Equal(4, (int)delta["data"]!["count"]!);
    }

    [Fact]
    public async Task Socket_with_type_gets_only_that_type()
    {
        await Writer.PutAsync(LogWriter.Window(1, 1, type: "view"), LogWriter.Window(1, 1));
        await WindowsSeenAsync(2);
        await using var client = await OpenAsync("stream=shop&type=view");

        Assert.Equal(["view"], (await client.ReadAsync())["data"]!["windows"]!.AsArray().Select(w => (string)w!["type"]!));
        await Writer.PutAsync(LogWriter.Window(2, 1), LogWriter.Window(2, 9, type: "view"));
        Assert.Equal(9, (int)(await client.ReadAsync())["data"]!["count"]!);
    }

    [Fact]
    public async Task Socket_aggregated_gets_at_most_one_message_a_second_with_the_latest_finals()
    {
        await using var client = await OpenAsync("stream=shop&mode=aggregated");
        Assert.Equal("snapshot", (string)(await client.ReadAsync())["type"]!);

        var seen = new Dictionary<string, int>();
        var messages = 0;
        var started = System.Diagnostics.Stopwatch.StartNew();
        for (var second = 1; second <= 4; second++)
        {
            await Writer.PutAsync(
                LogWriter.Window(second, 1), LogWriter.Window(second, 2), LogWriter.Window(second, 2, final: true), LogWriter.Window(second, 7, final: true, type: "view"));
            var message = await client.ReadAsync();
            messages++;
            Assert.Equal("aggregated", (string)message["mode"]!);
            foreach (var window in message["data"]!["windows"]!.AsArray())
            {
                Assert.True((bool)window!["final"]!);
                seen[$"{window["window_start"]} {window["type"]}"] = (int)window["count"]!;
            }
        }

        Assert.True(started.Elapsed > TimeSpan.FromSeconds(2.5), $"{messages} messages in {started.Elapsed}");
        Assert.Contains(2, seen.Values);
        Assert.Contains(7, seen.Values);
    }

    [Fact]
    public async Task Socket_full_gets_every_event_with_its_data_on_one_line()
    {
        await using var client = await OpenAsync("stream=shop&mode=full");
        Assert.Equal("""{"events":[]}""", (await client.ReadAsync())["data"]!.ToJsonString());

        await Writer.PutAsync(LogWriter.Event("e1", data: "{\n \"cart\": [1,\r\n2]}"), LogWriter.Event("e2"), LogWriter.Event("x", stream: "other"));
        var first = await client.ReadAsync();
        var second = await client.ReadAsync();

        Assert.Equal("event", (string)first["type"]!);
        Assert.Equal(Events, (string)first["channel"]!);
        Assert.Equal("e1", (string)first["data"]!["id"]!);
        Assert.Equal("""{"cart":[1,2]}""", first["data"]!["data"]!.ToJsonString());
        Assert.Equal("""{"country":"DE"}""", first["data"]!["dims"]!.ToJsonString());
        Assert.Equal(52.5, (double)first["data"]!["geo"]!["lat"]!);
        Assert.Equal("e2", (string)second["data"]!["id"]!);
        Assert.Null(second["data"]!["data"]);
    }

    [Fact]
    public async Task First_listener_of_events_is_shown_the_recent_past()
    {
        await Writer.PutAsync(Enumerable.Range(1, 60).Select(i => LogWriter.Event($"e{i}")));

        await using var client = await OpenAsync("stream=shop&mode=full");
        var events = (await client.ReadAsync())["data"]!["events"]!.AsArray();

        Assert.Equal(Enumerable.Range(11, 50).Select(i => $"e{i}"), events.Select(e => (string)e!["id"]!));
    }

    [Fact]
    public async Task Alerts_begin_with_the_latest_of_each_and_go_on_with_changes()
    {
        await Writer.PutAsync(LogWriter.Alert("a1", 1), LogWriter.Alert("a1", 2, Millrace.Contracts.Protos.AlertState.Resolved), LogWriter.Alert("a2", 1));
        await Writer.PutAsync(LogWriter.Alert("a9", 1, tenant: "other"));
        await using var client = await OpenAsync("mode=alerts");
        var snapshot = await client.ReadAsync();
        while (snapshot["data"]!["alerts"] is JsonArray { Count: < 2 })
        {
            // The reader may still be on its way; what comes now comes as a change.
            var change = await client.ReadAsync();
            if ((string)change["data"]!["id"]! == "a2") break;
        }

        await Writer.PutAsync(LogWriter.Alert("a2", 1), LogWriter.Alert("a2", 3));
        var alert = await client.ReadAsync();

        Assert.Equal("alert", (string)alert["type"]!);
        Assert.Equal("a2", (string)alert["data"]!["id"]!);
        Assert.Equal(3, (int)alert["data"]!["revision"]!);
        Assert.Equal("firing", (string)alert["data"]!["state"]!);
        Assert.Equal("2026-01-01T00:00:00.000Z", (string)alert["data"]!["started_at"]!);
        Assert.Null(alert["data"]!["resolved_at"]);
    }

    [Theory]
    [InlineData("/ws?stream=shop&mode=other", HttpStatusCode.BadRequest)]
    [InlineData("/ws?stream=UPPER", HttpStatusCode.BadRequest)]
    [InlineData("/ws", HttpStatusCode.BadRequest)]
    [InlineData("/ws?stream=shop&since=nonsense", HttpStatusCode.BadRequest)]
    [InlineData("/ws?stream=shop&tenant=other", HttpStatusCode.Forbidden)]
    public async Task Socket_that_cannot_be_served_is_refused_before_the_upgrade(string path, HttpStatusCode status)
    {
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => SocketClient.OpenAsync(Server.Address, path, header: Server.Token()));

        Assert.Equal(status, refused.StatusCode);
    }

    [Fact]
    public async Task Socket_of_a_token_for_other_channels_is_refused()
    {
        var token = Server.Token(channels: ["tenant:acme:alerts"]);

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => SocketClient.OpenAsync(Server.Address, "/ws?stream=shop", header: token));

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task Socket_goes_on_from_a_position()
    {
        await using var client = await OpenAsync("stream=shop");
        await client.ReadAsync();
        await Writer.PutAsync(LogWriter.Window(1, 1));
        var seen = await client.ReadAsync();
        await client.DisposeAsync();
        await Writer.PutAsync(LogWriter.Window(2, 2), LogWriter.Window(3, 3));
        await WindowsSeenAsync(3);

        await using var again = await OpenAsync($"stream=shop&since={seen["epoch"]}:{seen["offset"]}");

        Assert.Equal(2, (int)(await again.ReadAsync())["data"]!["count"]!);
        Assert.Equal(3, (int)(await again.ReadAsync())["data"]!["count"]!);
    }

    [Fact]
    public async Task Event_stream_has_ids_and_goes_on_after_the_last_one()
    {
        using var stream = await EventStreamClient.OpenAsync(Server, $"/sse?stream=shop&access_token={Server.Token()}");
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.MediaType);
        var snapshot = (await stream.ReadAsync())!;
        await Writer.PutAsync(LogWriter.Window(1, 1));
        var seen = (await stream.ReadAsync())!;
        stream.Dispose();
        await Writer.PutAsync(LogWriter.Window(2, 2), LogWriter.Window(3, 3));
        await WindowsSeenAsync(3);

        using var again = await EventStreamClient.OpenAsync(Server, $"/sse?stream=shop&access_token={Server.Token()}", seen.Id);
        var first = (await again.ReadAsync())!;
        var second = (await again.ReadAsync())!;
        using var elsewhere = await EventStreamClient.OpenAsync(Server, $"/sse?stream=shop&access_token={Server.Token()}", "other:5");

        Assert.Equal("snapshot", (string)JsonNode.Parse(snapshot.Data)!["type"]!);
        var message = JsonNode.Parse(seen.Data)!;
        Assert.Equal($"{message["epoch"]}:{message["offset"]}", seen.Id);
        Assert.Equal(2, (int)JsonNode.Parse(first.Data)!["data"]!["count"]!);
        Assert.Equal(3, (int)JsonNode.Parse(second.Data)!["data"]!["count"]!);
        Assert.Equal("snapshot", (string)JsonNode.Parse((await elsewhere.ReadAsync())!.Data)!["type"]!);
    }

    [Fact]
    public async Task Event_stream_beats_while_nothing_comes_and_ends_with_its_token()
    {
        using var stream = await EventStreamClient.OpenAsync(Server, $"/sse?stream=shop&access_token={Server.Token(lifetime: TimeSpan.FromSeconds(3))}");
        await stream.ReadAsync();

        Assert.Equal(":", (await stream.ReadAsync())!.Comment);
        SentEvent? last = null;
        while (await stream.ReadAsync() is { } next) last = next;

        Assert.Equal("disconnect", last!.Name);
        Assert.Equal(3005, (int)JsonNode.Parse(last.Data)!["code"]!);
    }
}
