using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Authentication;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Channels of configured namespaces as clients use them, on one and on two gateways.</summary>
public sealed class PublicationTests : GatewayTest
{
    private const string Room = "tenant:acme:chat:ada-1";

    protected override (string Key, string Value)[] Settings =>
    [
        ("Gateway:Namespaces:chat:HistorySize", "3"), ("Gateway:Namespaces:chat:Recovery", "true"),
        ("Gateway:Namespaces:chat:Publish:Scope", "write"), ("Gateway:Namespaces:chat:Publish:Pattern", "{subject}-*"),
        ("Gateway:Namespaces:note:HistorySize", "0"),
    ];

    private string Writing => Server.Token(scopes: Scopes.Read | Scopes.Write);

    [Fact]
    public async Task Publication_reaches_the_clients_of_every_gateway_as_it_came_and_says_who_sent_it()
    {
        await using var other = await Server.StartBesideAsync();
        await using var ada = await ConnectAsync(Writing);
        await using var bob = await SocketClient.ConnectAsync(GatewayServer.AddressOf(other), Server.Token(subject: "bob"));
        foreach (var client in new[] { ada, bob })
        {
            var reply = (await client.SubscribeAsync(Room))["subscribe"]!;
            Assert.True((bool)reply["recoverable"]!);
            Assert.Null(reply["data"]);
        }

        Assert.NotNull((await ada.CallAsync("publish", new { channel = Room, data = new { text = "hello" } }))["publish"]);
        await PublishAsync(Room, "from the backend");

        foreach (var client in new[] { ada, bob })
        {
            var first = await client.PublicationAsync();
            Assert.Equal("""{"text":"hello"}""", first["data"]!.ToJsonString());
            Assert.Equal("ada", (string)first["info"]!["user"]!);
            var second = await client.PublicationAsync();
            Assert.Equal("from the backend", (string)second["data"]!);
            Assert.Null(second["info"]);
            Assert.True((long)second["offset"]! > (long)first["offset"]!);
        }
    }

    [Fact]
    public async Task Client_publishes_only_where_its_namespace_lets_it()
    {
        await using var ada = await ConnectAsync(Writing);
        await using var reader = await ConnectAsync();
        Assert.Equal(103, Code(await ada.CallAsync("publish", new { channel = "tenant:acme:chat:bob-1", data = 1 })));
        Assert.Equal(103, Code(await ada.CallAsync("publish", new { channel = "tenant:acme:note:ada-1", data = 1 })));
        Assert.Equal(103, Code(await ada.CallAsync("publish", new { channel = "tenant:other:chat:ada-1", data = 1 })));
        Assert.Equal(103, Code(await ada.CallAsync("publish", new { channel = Metrics, data = 1 })));
        Assert.Equal(102, Code(await ada.CallAsync("publish", new { channel = "tenant:acme:none:ada-1", data = 1 })));
        Assert.Equal(103, Code(await reader.CallAsync("publish", new { channel = Room, data = 1 })));
        Assert.Equal(107, Code(await ada.CallAsync("publish", new { channel = Room })));
        Assert.Equal(0, Code(await ada.CallAsync("publish", new { channel = Room, data = 1 })));
    }

    [Fact]
    public async Task Client_recovers_on_another_gateway_what_memory_no_longer_holds_and_no_repetition()
    {
        string epoch;
        long offset;
        await using (var client = await ConnectAsync())
        {
            epoch = (string)(await client.SubscribeAsync(Room))["subscribe"]!["epoch"]!;
            await PublishAsync(Room, 0, "first");
            offset = (long)(await client.PublicationAsync())["offset"]!;
        }

        await PublishAsync(Room, 1, "second");
        // What a gateway that did not know better would have written.
        await RepeatAsync(0, "first");
        await RepeatAsync(1, "second");
        for (var n = 2; n <= 8; n++) await PublishAsync(Room, n);
        await using var other = await Server.StartBesideAsync();

        foreach (var address in new[] { Server.Address, GatewayServer.AddressOf(other) })
        {
            await using var again = await SocketClient.ConnectAsync(address, Server.Token());
            var reply = (await again.RecoverAsync(Room, epoch, offset))["subscribe"]!;
            Assert.True((bool)reply["recovered"]!);
            Assert.Equal(Enumerable.Range(1, 8), reply["publications"]!.AsArray().Select(p => (int)p!["data"]!));
        }
    }

    [Fact]
    public async Task Crowd_that_comes_back_after_a_crash_has_the_log_read_once()
    {
        await PublishAsync(Room, 0);
        string epoch;
        long offset;
        await using (var client = await ConnectAsync())
        {
            var reply = (await client.SubscribeAsync(Room))["subscribe"]!;
            (epoch, offset) = ((string)reply["epoch"]!, (long)reply["offset"]!);
        }

        for (var n = 1; n <= 20; n++) await PublishAsync(Room, n);
        var log = new CountingLog(Server.Log);
        await using var other = await Server.StartBesideAsync(log);
        var begun = log.Consumers(Topics.Publications);

        for (var i = 0; i < 5; i++)
        {
            await using var again = await SocketClient.ConnectAsync(GatewayServer.AddressOf(other), Server.Token());
            var reply = (await again.RecoverAsync(Room, epoch, offset))["subscribe"]!;
            Assert.Equal(Enumerable.Range(1, 20), reply["publications"]!.AsArray().Select(p => (int)p!["data"]!));
            // More than the history shows is held for them, and is not shown.
            var history = (await again.CallAsync("history", new { channel = Room, limit = -1 }))["history"]!;
            Assert.Equal([18, 19, 20], history["publications"]!.AsArray().Select(p => (int)p!["data"]!));
        }

        Assert.Equal(begun + 1, log.Consumers(Topics.Publications));
    }

    [Fact]
    public async Task Client_recovers_after_a_restart_of_its_only_gateway()
    {
        string epoch;
        long offset;
        await using (var client = await ConnectAsync())
        {
            var reply = (await client.SubscribeAsync(Room))["subscribe"]!;
            (epoch, offset) = ((string)reply["epoch"]!, (long)reply["offset"]!);
        }

        await PublishAsync(Room, 1);
        await Server.RestartAsync();
        await PublishAsync(Room, 2);

        await using var again = await ConnectAsync();
        var back = (await again.RecoverAsync(Room, epoch, offset))["subscribe"]!;
        Assert.True((bool)back["recovered"]!);
        Assert.Equal([1, 2], back["publications"]!.AsArray().Select(p => (int)p!["data"]!));
    }

    [Fact]
    public async Task Users_channel_is_that_users_of_that_tenant()
    {
        await using var ada = await ConnectAsync();
        await using var namesake = await ConnectAsync(Server.Token(tenant: "other", subject: "ada"));
        Assert.Equal(0, Code(await ada.SubscribeAsync("user:ada:note:inbox")));
        Assert.Equal(0, Code(await namesake.SubscribeAsync("user:ada:note:inbox")));
        Assert.Equal(103, Code(await ada.SubscribeAsync("user:bob:note:inbox")));

        await PublishAsync("user:ada:note:inbox", "for acme");
        using var http = Server.Http(Server.Token(tenant: "other", scopes: Scopes.Write));
        await PublishAsync("user:ada:note:inbox", "for the other", http: http);

        Assert.Equal("for acme", (string)(await ada.PublicationAsync())["data"]!);
        Assert.Equal("for the other", (string)(await namesake.PublicationAsync())["data"]!);
    }

    [Fact]
    public async Task Publication_that_skips_the_history_reaches_listeners_and_is_not_kept()
    {
        await using var ada = await ConnectAsync();
        await ada.SubscribeAsync(Room);
        using var http = Server.Http();
        await http.PostAsync("/api/publish", Json(new { channel = Room, data = 1, skip_history = true, tags = new { a = "b" } }));
        await PublishAsync(Room, 2);

        var first = await ada.PublicationAsync();
        Assert.Equal((1, null, "b"), ((int)first["data"]!, first["offset"], (string)first["tags"]!["a"]!));
        var second = await ada.PublicationAsync();
        Assert.Equal(2, (int)second["data"]!);
        var history = (await ada.CallAsync("history", new { channel = Room, limit = -1 }))["history"]!;
        Assert.Equal([2], history["publications"]!.AsArray().Select(p => (int)p!["data"]!));
        // Nor is it read back.
        await using var again = await ConnectAsync();
        var recovered = (await again.RecoverAsync(Room, (string)history["epoch"]!, (long)second["offset"]! - 2))["subscribe"]!;
        Assert.True((bool)recovered["recovered"]!);
        Assert.Equal([2], recovered["publications"]!.AsArray().Select(p => (int)p!["data"]!));
    }

    [Fact]
    public async Task Namespace_without_history_promises_no_recovery()
    {
        await using var ada = await ConnectAsync();
        var reply = (await ada.SubscribeAsync("tenant:acme:note:x"))["subscribe"]!;
        Assert.Null(reply["recoverable"]);
        await PublishAsync("tenant:acme:note:x", 1);
        Assert.Equal(1, (int)(await ada.PublicationAsync())["data"]!);

        await using var again = await ConnectAsync();
        Assert.Null((await again.RecoverAsync("tenant:acme:note:x", (string?)reply["epoch"] ?? "", 1))["subscribe"]!["recovered"]);
    }

    private async Task PublishAsync(string channel, object data, string key = "", HttpClient? http = null)
    {
        using var own = Server.Http();
        using var answer = await (http ?? own).PostAsync("/api/publish", Json(new { channel, data, idempotency_key = key }));
        Assert.NotNull(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["result"]);
    }

    private Task RepeatAsync(int data, string key) => Writer.AppendAsync(Topics.Publications, [new LogRecord(
        Encoding.UTF8.GetBytes(Room),
        new ChannelRecord
        {
            Channel = Room,
            Tenant = GatewayServer.Tenant,
            Publication = new ChannelPublication { Data = ByteString.CopyFromUtf8($"{data}"), IdempotencyKey = key },
        }.ToByteArray())]);

    private static StringContent Json(object value) => new(System.Text.Json.JsonSerializer.Serialize(value), Encoding.UTF8, "application/json");
}
