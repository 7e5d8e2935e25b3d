using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>A client that does not read.</summary>
public sealed class SlowClientTests
{
    private const string Channel = "tenant:acme:metrics:shop";
    private const int QueueBytes = 64 * 1024;
    private const int Windows = 50;
    private const int Rounds = 200;

    private static readonly (string, string)[] Small =
    [
        ("Gateway:Connections:QueueBytes", QueueBytes.ToString()), ("Gateway:Connections:SocketSendBufferBytes", "16384"),
        ("Gateway:Connections:FrameBytes", "16384"),
    ];

    [Fact]
    public async Task Slow_client_gets_the_latest_state_and_bounded_memory_while_others_get_everything()
    {
        await using var server = await GatewayServer.StartAsync(Small);
        using var measurements = new Measurements(server);
        await using var slow = await OpenSlowAsync(server);
        await using var fast = await SocketClient.ConnectAsync(server.Address, server.Token());
        await slow.SubscribeAsync(Channel);
        await fast.SubscribeAsync(Channel);

        for (var round = 1; round <= Rounds; round++)
        {
            await PutAsync(server, round);
            await ReadAsync(fast, Windows);
        }

        var latest = new Dictionary<string, long>();
        var messages = 0;
        long offset = 0;
        var aggregated = false;
        while (latest.Count < Windows || latest.Values.Any(r => r < 2 * Rounds))
        {
            var publication = await slow.PublicationAsync();
            messages++;
            Assert.True((long)publication["offset"]! > offset);
            offset = (long)publication["offset"]!;
            var data = publication["data"]!;
            aggregated |= (string?)data["mode"] == "aggregated";
            foreach (var window in Items(data)) latest[(string)window["window_start"]!] = (long)window["revision"]!;
        }

        Assert.True(aggregated);
        Assert.True(messages < Rounds * Windows / 2, $"{messages} messages");
        Assert.True(measurements.Sum("conflations") >= 1);
        Assert.InRange(measurements.Largest("queue.high_water"), 1, QueueBytes + 16384);
        // It has caught up: from here on it gets each change again.
        await server.Writer.PutAsync(LogWriter.Window(1, Rounds + 1));
        var live = (await slow.PublicationAsync())["data"]!;
        Assert.Equal("window", (string)live["type"]!);
        Assert.Null(live["mode"]);
    }

    [Fact]
    public async Task Slow_client_is_disconnected_where_the_policy_says_so()
    {
        await using var server = await GatewayServer.StartAsync(
            [.. Small, ("Gateway:Connections:SlowClients", "disconnect"), ("Gateway:Connections:CloseTimeout", "00:00:00.5")]);
        using var measurements = new Measurements(server);
        var slow = await OpenSlowAsync(server);
        await slow.SubscribeAsync(Channel);

        await PutAsync(server);

        await Eventually.TrueAsync(() => measurements.Sum("disconnects code=3008") == 1);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (true) await slow.ReadAsync();
        });
    }

    [Theory]
    [InlineData("Conflate", 100_000)]
    [InlineData("DropOldest", 100_000)]
    [InlineData("DropOldest", 0)]
    [InlineData("Conflate", 20)]
    public async Task Slow_client_of_a_configured_channel_gets_what_its_namespaces_policy_says(string policy, int history)
    {
        const string Room = "tenant:acme:chat:room";
        const int Messages = 3_000;
        await using var server = await GatewayServer.StartAsync(
            [.. Small, ("Gateway:Namespaces:chat:HistorySize", $"{history}"), ("Gateway:Namespaces:chat:SlowClients", policy), ("Gateway:Connections:CloseTimeout", "00:01:00")]);
        using var measurements = new Measurements(server);
        await using var slow = await OpenSlowAsync(server);
        await slow.SubscribeAsync(Room);
        using var http = server.Http();
        var filler = new string('x', 300);
        for (var n = 0; n < Messages; n += 100) await PublishAsync(http, Room, Enumerable.Range(n, 100), filler);
        await Eventually.TrueAsync(() => measurements.Sum("conflations") >= 1);

        var got = new List<int>();
        if (policy == "Conflate" && history < Messages)
        {
            // More than is kept: it is sent back, to recover.
            Assert.Equal(3010, await slow.ReadToCloseAsync());
            return;
        }

        while (got.Count == 0 || got[^1] < Messages - 1)
        {
            got.Add((int)(await slow.PublicationAsync())["data"]!["n"]!);
            // Without a history nothing tells it what the last one was: it gets the next one that is published.
            if (history == 0 && got[^1] < Messages - 1 && slow.Waiting == 0) await PublishAsync(http, Room, [Messages - 1], filler);
        }

        Assert.Equal(got.Distinct().Order(), got.Distinct());
        if (policy == "Conflate") Assert.Equal(Enumerable.Range(0, Messages), got);
        else Assert.InRange(got.Distinct().Count(), 2, Messages - 1);
        if (history > 0 && policy == "DropOldest") Assert.True(measurements.Sum("publications.left_out") >= 1);
        Assert.InRange(measurements.Largest("queue.high_water"), 1, QueueBytes + 16384);
    }

    private static async Task PublishAsync(HttpClient http, string channel, IEnumerable<int> numbers, string filler)
    {
        var commands = numbers.Select(n => new { publish = new { channel, data = new { n, filler } } }).ToArray();
        using var content = new StringContent(System.Text.Json.JsonSerializer.Serialize(new { commands }));
        using var answer = await http.PostAsync("/api/batch", content);
        answer.EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task Client_that_never_reads_again_is_cut_after_the_stall_timeout()
    {
        await using var server = await GatewayServer.StartAsync([.. Small, ("Gateway:Connections:WriteStallTimeout", "00:00:01")]);
        using var measurements = new Measurements(server);
        var slow = await OpenSlowAsync(server);
        await slow.SubscribeAsync(Channel);

        await PutAsync(server);

        await Eventually.TrueAsync(() => measurements.Sum("disconnects code=3008") == 1);
        Assert.Equal(WebSocketState.Open, slow.Socket.State);
    }

    private static async Task<SocketClient> OpenSlowAsync(GatewayServer server)
    {
        var client = await SocketClient.OpenAsync(server.Address, "/connection/websocket", receiveBuffer: 4096);
        await client.CallAsync("connect", new { token = server.Token() });
        return client;
    }

    /// <summary>Each of some windows again and again, each time with one more event.</summary>
    private static async Task PutAsync(GatewayServer server)
    {
        for (var round = 1; round <= Rounds; round++) await PutAsync(server, round);
    }

    private static Task PutAsync(GatewayServer server, int round) =>
        server.Writer.PutAsync(Enumerable.Range(1, Windows).Select(second => LogWriter.Window(second, (ulong)round)));

    private static async Task ReadAsync(SocketClient client, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var publication = await client.PublicationAsync();
            Assert.Null(publication["data"]!["mode"]);
        }
    }

    private static IEnumerable<JsonNode> Items(JsonNode data) =>
        (string)data["type"]! == "snapshot" ? data["data"]!["windows"]!.AsArray().Select(w => w!) : [data["data"]!];
}
