using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The commands of the Centrifuge protocol, on the wire.</summary>
public sealed class CentrifugeTests : GatewayTest
{
    protected override (string, string)[] Settings => [("Gateway:Connections:Channels", "3")];

    [Fact]
    public async Task Connect_with_token_tells_client_version_ping_and_ttl()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket", "centrifuge-json");

        var reply = (await client.CallAsync("connect", new { token = Server.Token(), name = "test", data = new { a = 1 } }))["connect"]!;

        Assert.Equal("centrifuge-json", client.SubProtocol);
        Assert.True(Guid.TryParse((string)reply["client"]!, out _));
        Assert.NotEmpty((string)reply["version"]!);
        Assert.Equal(25, (int)reply["ping"]!);
        Assert.True((bool)reply["pong"]!);
        Assert.True((bool)reply["expires"]!);
        Assert.InRange((int)reply["ttl"]!, 50, 60);
    }

    [Fact]
    public async Task Connect_with_api_key_does_not_expire()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");

        var reply = (await client.CallAsync("connect", new { token = GatewayServer.ApiKey }))["connect"]!;

        Assert.Null(reply["expires"]);
    }

    [Fact]
    public async Task Subscribe_stream_with_windows_gets_snapshot_then_publications_without_gap_or_repeat()
    {
        await Writer.PutAsync(LogWriter.Window(1, 3, final: true), LogWriter.Window(2, 1));
        await using var client = await ConnectAsync();
        await WindowsSeenAsync(2);

        var reply = (await client.SubscribeAsync(Metrics))["subscribe"]!;
        await Writer.PutAsync(LogWriter.Window(2, 2), LogWriter.Window(2, 2, final: true));

        Assert.Equal("snapshot", (string)reply["data"]!["type"]!);
        Assert.Equal([3, 1], Counts(reply["data"]!["data"]!["windows"]!));
        Assert.True((bool)reply["recoverable"]! && (bool)reply["positioned"]!);
        var first = await client.PublicationAsync();
        var second = await client.PublicationAsync();
        Assert.Equal("window", (string)first["data"]!["type"]!);
        Assert.Equal(4, (long)first["data"]!["data"]!["revision"]!);
        Assert.Equal(5, (long)second["data"]!["data"]!["revision"]!);
        Assert.True((long)reply["offset"]! < (long)first["offset"]! && (long)first["offset"]! < (long)second["offset"]!);
    }

    [Fact]
    public async Task Publication_of_window_carries_documented_document()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Metrics);
        await Writer.PutAsync(LogWriter.Window(1, 4, final: true, key: "country=DE"));

        var data = (await client.PublicationAsync())["data"]!["data"]!;

        Assert.Equal(
            """{"stream":"shop","type":"purchase","key":"country=DE","window_start":"2026-01-01T00:00:01.000Z","window_end":"2026-01-01T00:00:02.000Z","revision":9,"final":true,"updated_at":"2026-01-01T00:00:01.500Z","count":4,"distinct_sources":1,"rate":4,"values":{"amount":{"count":4,"sum":10,"min":1,"max":4,"last":2,"p50":2,"p95":3.9,"p99":4}},"geo":[{"geohash":"u33d","count":4}],"dims":{}}""",
            data.ToJsonString());
    }

    [Fact]
    public async Task Older_revision_of_known_window_is_not_published()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Metrics);

        await Writer.PutAsync(LogWriter.Window(1, 5), LogWriter.Window(1, 3), LogWriter.Window(1, 5), LogWriter.Window(1, 5, final: true));

        Assert.Equal(10, (long)(await client.PublicationAsync())["data"]!["data"]!["revision"]!);
        Assert.Equal(11, (long)(await client.PublicationAsync())["data"]!["data"]!["revision"]!);
    }

    [Fact]
    public async Task Several_commands_in_a_frame_are_answered_in_order()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");

        await client.SendAsync($$$"""{"id":1,"connect":{"token":"{{{Server.Token()}}}"}}{{{"\n"}}}{"id":2,"subscribe":{"channel":"{{{Metrics}}}"}}{{{"\n"}}}{"id":3,"unsubscribe":{"channel":"{{{Metrics}}}"}}""");

        Assert.NotNull((await client.ReadAsync())["connect"]);
        Assert.NotNull((await client.ReadAsync())["subscribe"]);
        Assert.NotNull((await client.ReadAsync())["unsubscribe"]);
    }

    [Fact]
    public async Task Fragmented_message_and_ping_between_are_understood()
    {
        await using var client = await ConnectAsync();
        var text = Encoding.UTF8.GetBytes($$$"""{"id":9,"subscribe":{"channel":"{{{Metrics}}}"}}""");

        await client.Socket.SendAsync(text.AsMemory(0, 5), WebSocketMessageType.Text, false, CancellationToken.None);
        await client.Socket.SendAsync(text.AsMemory(5, 9), WebSocketMessageType.Text, false, CancellationToken.None);
        await client.Socket.SendAsync(text.AsMemory(14), WebSocketMessageType.Text, true, CancellationToken.None);

        Assert.NotNull((await client.ReadAsync())["subscribe"]);
    }

    [Fact]
    public async Task Unsubscribe_ends_publications_after_its_reply()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Metrics);
        await client.SubscribeAsync("tenant:acme:metrics:other");

        Assert.NotNull((await client.CallAsync("unsubscribe", new { channel = Metrics }))["unsubscribe"]);
        Assert.NotNull((await client.CallAsync("unsubscribe", new { channel = "tenant:acme:metrics:never" }))["unsubscribe"]);
        await Writer.PutAsync(LogWriter.Window(1, 1));
        await WindowsSeenAsync(1);
        await Writer.PutAsync(LogWriter.Window(1, 1, stream: "other"));

        Assert.Equal("tenant:acme:metrics:other", (string)(await client.ReadAsync())["push"]!["channel"]!);
    }

    [Theory]
    [InlineData("tenant:other:metrics:shop", 103)]
    [InlineData("tenant:other:nonsense", 103)]
    [InlineData("tenant:acme:metrics:", 102)]
    [InlineData("tenant:acme:metrics:UPPER", 102)]
    [InlineData("tenant:acme:notifications", 102)]
    [InlineData("nonsense", 102)]
    [InlineData("admin:keys", 103)]
    [InlineData("system:health", 103)]
    [InlineData("user:ada:inbox", 102)]
    [InlineData("user:bob:inbox", 103)]
    public async Task Subscribe_channel_that_is_not_the_callers_is_refused(string channel, int code)
    {
        await using var client = await ConnectAsync();

        Assert.Equal(code, Code(await client.SubscribeAsync(channel)));
    }

    [Fact]
    public async Task Operator_reaches_every_tenant_and_system_channels()
    {
        await using var client = await ConnectAsync(Server.Token(roles: ["operator"], scopes: ScopeNames.All));

        Assert.Equal(0, Code(await client.SubscribeAsync("tenant:other:metrics:shop")));
        Assert.Equal(102, Code(await client.SubscribeAsync("system:health")));
        Assert.Equal(102, Code(await client.SubscribeAsync("admin:keys")));
    }

    [Fact]
    public async Task Channels_claim_restricts_to_what_it_lists()
    {
        await using var client = await ConnectAsync(Server.Token(channels: ["tenant:acme:metrics:*"]));

        Assert.Equal(0, Code(await client.SubscribeAsync(Metrics)));
        Assert.Equal(103, Code(await client.SubscribeAsync(Events)));
        Assert.Equal(103, Code(await client.CallAsync("history", new { channel = Alerts })));
    }

    [Fact]
    public async Task Subscribe_twice_is_105_and_beyond_the_limit_106()
    {
        await using var client = await ConnectAsync();
        Assert.Equal(0, Code(await client.SubscribeAsync(Metrics)));
        Assert.Equal(0, Code(await client.SubscribeAsync(Events)));
        Assert.Equal(0, Code(await client.SubscribeAsync(Alerts)));

        Assert.Equal(105, Code(await client.SubscribeAsync(Metrics)));
        Assert.Equal(106, Code(await client.SubscribeAsync("tenant:acme:metrics:fourth")));
    }

    [Fact]
    public async Task Methods_that_are_not_offered_answer_with_their_codes()
    {
        await using var client = await ConnectAsync();

        Assert.Equal(103, Code(await client.CallAsync("publish", new { channel = Metrics, data = new { } })));
        Assert.Equal(108, Code(await client.CallAsync("presence", new { channel = Metrics })));
        Assert.Equal(108, Code(await client.CallAsync("presence_stats", new { channel = Metrics })));
        Assert.Equal(104, Code(await client.CallAsync("rpc", new { method = "nothing", data = new { } })));
        Assert.Equal(103, Code(await client.CallAsync("sub_refresh", new { channel = Metrics, token = "x" })));
        Assert.Equal(107, Code(await client.CallAsync("subscribe", new { channel = Metrics, tf = new { key = "a", cmp = "like", val = "b" } })));
        Assert.Equal(108, Code(await client.CallAsync("subscribe", new { channel = Metrics, type = 1 })));
    }

    [Theory]
    [InlineData("""{"id":1,"subscribe":{"channel":"x"}}""", 3501)]
    [InlineData("""{"id":1,"connect":{}}""", 3500)]
    [InlineData("""{"id":1,"connect":{"token":"nonsense"}}""", 3500)]
    [InlineData("{}", 3501)]
    [InlineData("not json", 3501)]
    [InlineData("""{"id":1}""", 3501)]
    [InlineData("""{"id":-1,"connect":{}}""", 3501)]
    [InlineData("""{"id":1,"connect":[]}""", 3501)]
    [InlineData("""{"id":1,"connect":{"token":7}}""", 3501)]
    [InlineData("""{"id":1,"connect":{},"subscribe":{}}""", 3501)]
    [InlineData("", 3501)]
    public async Task First_command_that_is_no_connect_ends_for_good(string frame, int code)
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");

        await client.SendAsync(frame);

        Assert.Equal(code, await client.ReadToCloseAsync());
    }

    [Theory]
    [InlineData("{}", 3501)]
    [InlineData("""{"id":2,"connect":{"token":"x"}}""", 3501)]
    [InlineData("""{"send":{"data":{}}}""", 3508)]
    [InlineData("""{"id":2,"refresh":{}}""", 3501)]
    [InlineData("""{"id":2,"unsubscribe":{}}""", 3501)]
    [InlineData("""{"subscribe":{"channel":"x"}}""", 3501)]
    public async Task Command_that_breaks_the_protocol_ends_the_connection(string frame, int code)
    {
        await using var client = await ConnectAsync();

        await client.SendAsync(frame);

        Assert.Equal(code, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Message_that_is_too_big_is_1009()
    {
        await using var client = await ConnectAsync();

        await client.SendAsync(new string(' ', 65 * 1024));

        Assert.Equal(1009, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Text_that_is_not_utf8_is_1007()
    {
        await using var client = await ConnectAsync();

        await client.Socket.SendAsync(new byte[] { (byte)'"', 0xff, (byte)'"' }, WebSocketMessageType.Text, true, CancellationToken.None);

        Assert.Equal(1007, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Plain_request_is_told_that_this_is_a_socket()
    {
        using var http = Server.Http();

        using var answer = await http.GetAsync("/connection/websocket");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task History_pages_both_ways_and_knows_its_bounds()
    {
        await using var client = await ConnectAsync();
        var epoch = (string)(await client.SubscribeAsync(Metrics))["subscribe"]!["epoch"]!;
        await Writer.PutAsync(Enumerable.Range(1, 5).Select(i => LogWriter.Window(i, (ulong)i)));
        await WindowsSeenAsync(5);

        var all = (await client.CallAsync("history", new { channel = Metrics, limit = -1 }))["history"]!;
        var offsets = all["publications"]!.AsArray().Select(p => (long)p!["offset"]!).ToList();
        var none = (await client.CallAsync("history", new { channel = Metrics }))["history"]!;
        var since = (await client.CallAsync("history", new { channel = Metrics, limit = 2, since = new { offset = offsets[1], epoch } }))["history"]!;
        var back = (await client.CallAsync("history", new { channel = Metrics, limit = 2, reverse = true }))["history"]!;
        var before = (await client.CallAsync("history", new { channel = Metrics, limit = 2, reverse = true, since = new { offset = offsets[2], epoch } }))["history"]!;

        Assert.Equal(5, offsets.Count);
        Assert.Empty(none["publications"]!.AsArray());
        Assert.Equal(epoch, (string)none["epoch"]!);
        Assert.True((long)none["offset"]! >= offsets[4]);
        Assert.Equal(offsets[2..4], Offsets(since));
        Assert.Equal([offsets[4], offsets[3]], Offsets(back));
        Assert.Equal([offsets[1], offsets[0]], Offsets(before));
        Assert.Equal(112, Code(await client.CallAsync("history", new { channel = Metrics, limit = 2, since = new { offset = offsets[1], epoch = "other" } })));
        Assert.Equal(112, Code(await client.CallAsync("history", new { channel = Metrics, limit = 2, since = new { offset = 1L << 50, epoch } })));

        static List<long> Offsets(JsonNode page) => [.. page["publications"]!.AsArray().Select(p => (long)p!["offset"]!)];
    }

    [Fact]
    public async Task Publications_that_come_together_share_frames()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Metrics);
        var frames = client.Frames;

        await Writer.PutAsync(Enumerable.Range(1, 2000).Select(i => LogWriter.Window(i, (ulong)i)));
        for (var i = 1; i <= 2000; i++) Assert.Equal(i, (int)(await client.PublicationAsync())["data"]!["data"]!["count"]!);

        // How many share a frame is the scheduler's affair; that they do is ours.
        Assert.True(client.Frames - frames < 2000, $"{client.Frames - frames} frames");
    }
}
