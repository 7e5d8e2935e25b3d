using System.Text.Json.Nodes;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>What the claims of connection and subscription tokens do.</summary>
public sealed class TokenTests : GatewayTest
{
    protected override (string Key, string Value)[] Settings => [("Gateway:Connections:ExpiryGrace", "00:00:00")];

    [Fact]
    public async Task Subscription_token_opens_a_channel_that_the_connection_token_does_not_list()
    {
        await using var client = await ConnectAsync(Server.Token(channels: [Alerts]));

        Assert.Equal(103, Code(await client.SubscribeAsync(Metrics)));
        var reply = await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription() });

        Assert.Equal(0, Code(reply));
        Assert.True((bool)reply["subscribe"]!["expires"]!);
        Assert.InRange((int)reply["subscribe"]!["ttl"]!, 50, 60);
    }

    [Fact]
    public async Task Subscription_token_of_another_is_103_and_an_expired_one_109()
    {
        await using var client = await ConnectAsync();

        Assert.Equal(103, Code(await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription(channel: Events) })));
        Assert.Equal(103, Code(await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription(subject: "bob") })));
        Assert.Equal(103, Code(await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription(tenant: "other") })));
        Assert.Equal(103, Code(await client.CallAsync("subscribe", new { channel = "tenant:other:metrics:shop", token = Subscription(channel: "tenant:other:metrics:shop") })));
        Assert.Equal(103, Code(await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription() + "x" })));
        Assert.Equal(109, Code(await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription(seconds: -5) })));
        Assert.Equal(0, Code(await client.SubscribeAsync(Metrics)));
    }

    [Fact]
    public async Task Subscription_token_opens_no_connection()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");

        await client.SendAsync($$$$"""{"id":1,"connect":{"token":"{{{{Subscription(scope: "read")}}}}"}}""");

        Assert.Equal(3500, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Subscription_that_is_not_refreshed_ends_and_may_begin_again()
    {
        await using var client = await ConnectAsync();
        await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription(seconds: 1) });

        var push = await client.ReadAsync();

        Assert.Equal(2501, (int)push["push"]!["unsubscribe"]!["code"]!);
        Assert.Equal(0, Code(await client.SubscribeAsync(Metrics)));
    }

    [Fact]
    public async Task Sub_refresh_prolongs_and_expire_at_0_is_for_ever()
    {
        await using var client = await ConnectAsync();
        await client.CallAsync("subscribe", new { channel = Metrics, token = Subscription(seconds: 2) });

        var longer = await client.CallAsync("sub_refresh", new { channel = Metrics, token = Subscription() });
        var always = await client.CallAsync("sub_refresh", new { channel = Metrics, token = Subscription(expireAt: 0) });

        Assert.InRange((int)longer["sub_refresh"]!["ttl"]!, 50, 60);
        Assert.Null(always["sub_refresh"]!["ttl"]);
        Assert.Equal(103, Code(await client.CallAsync("sub_refresh", new { channel = Alerts, token = Subscription(channel: Alerts) })));
        Assert.Equal(109, Code(await client.CallAsync("sub_refresh", new { channel = Metrics, token = Subscription(seconds: -5) })));
    }

    [Fact]
    public async Task Claim_subs_begins_subscriptions_with_the_connection_and_recovers_them()
    {
        await using var first = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");
        var token = Connection(subs: new JsonObject { [Metrics] = new JsonObject(), [Alerts] = new JsonObject { ["info"] = "x" } });
        var subs = (await first.CallAsync("connect", new { token }))["connect"]!["subs"]!.AsObject();
        Assert.Equal([Metrics, Alerts], subs.Select(s => s.Key));
        var epoch = (string)subs[Metrics]!["epoch"]!;
        await Writer.PutAsync(LogWriter.Window(1, 1), LogWriter.Window(2, 2), LogWriter.Window(3, 3));
        Assert.Equal(1, (int)(await first.PublicationAsync())["offset"]!);

        await using var second = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");
        var positions = new JsonObject { [Metrics] = new JsonObject { ["recover"] = true, ["epoch"] = epoch, ["offset"] = 1 } };
        await WindowsSeenAsync(3);
        var back = (await second.CallAsync("connect", new { token, subs = positions }))["connect"]!["subs"]![Metrics]!;

        Assert.True((bool)back["recovered"]!);
        Assert.Equal([2, 3], back["publications"]!.AsArray().Select(p => (int)p!["offset"]!));
        Assert.Equal(105, Code(await second.SubscribeAsync(Metrics)));
    }

    [Fact]
    public async Task Claim_subs_for_another_tenant_is_3507_and_nonsense_3500()
    {
        await using var other = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");
        await other.SendAsync($$$$"""{"id":1,"connect":{"token":"{{{{Connection(subs: new JsonObject { ["tenant:other:alerts"] = new JsonObject() })}}}}"}}""");
        Assert.Equal(3507, await other.ReadToCloseAsync());

        await using var nonsense = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");
        await nonsense.SendAsync($$$$"""{"id":1,"connect":{"token":"{{{{Connection(subs: new JsonArray())}}}}"}}""");
        Assert.Equal(3500, await nonsense.ReadToCloseAsync());
    }

    [Fact]
    public async Task Claim_caps_holds_a_token_to_the_uses_that_it_lists()
    {
        var caps = new JsonArray(
            new JsonObject { ["channels"] = new JsonArray("tenant:acme:metrics:*"), ["allow"] = new JsonArray("sub") },
            new JsonObject { ["channels"] = new JsonArray(Alerts), ["allow"] = new JsonArray("hst") });
        await using var client = await ConnectAsync(Connection(caps: caps));

        Assert.Equal(0, Code(await client.SubscribeAsync(Metrics)));
        Assert.Equal(103, Code(await client.CallAsync("history", new { channel = Metrics, limit = 1 })));
        Assert.Equal(103, Code(await client.SubscribeAsync(Alerts)));
        Assert.Equal(0, Code(await client.CallAsync("history", new { channel = Alerts, limit = 1 })));
        Assert.Equal(103, Code(await client.SubscribeAsync(Events)));
    }

    [Fact]
    public async Task Rpc_metrics_answers_as_the_windows_endpoint_does()
    {
        await Writer.PutAsync(LogWriter.Window(1, 1), LogWriter.Window(2, 2));
        await WindowsSeenAsync(2);
        await using var client = await ConnectAsync();

        var page = (await client.CallAsync("rpc", new { method = "metrics", data = new { stream = "shop", limit = 1 } }))["rpc"]!["data"]!;

        Assert.Equal((await GetAsync("/api/v1/windows?stream=shop&limit=1")).ToJsonString(), page.ToJsonString());
        Assert.Equal(107, Code(await client.CallAsync("rpc", new { method = "metrics", data = new { stream = "?" } })));
        Assert.Equal(107, Code(await client.CallAsync("rpc", new { method = "metrics", data = "x" })));
        Assert.Equal(104, Code(await client.CallAsync("rpc", new { method = "nothing" })));
    }

    [Fact]
    public async Task Rpc_metrics_is_held_to_the_tokens_channels()
    {
        await using var client = await ConnectAsync(Server.Token(channels: [Alerts]));

        Assert.Equal(103, Code(await client.CallAsync("rpc", new { method = "metrics", data = new { stream = "shop" } })));
    }

    private static long At(int seconds) => TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds();

    private static string Subscription(
        string channel = Metrics, string subject = "ada", string tenant = GatewayServer.Tenant, int seconds = 60, long? expireAt = null, string? scope = null)
    {
        var claims = new JsonObject { ["tenant"] = tenant, ["sub"] = subject, ["channel"] = channel, ["exp"] = At(seconds) };
        if (expireAt is { } end) claims["expire_at"] = end;
        if (scope is not null) claims["scope"] = scope;
        return GatewayServer.Sign(claims);
    }

    private static string Connection(JsonNode? subs = null, JsonNode? caps = null)
    {
        var claims = new JsonObject { ["tenant"] = GatewayServer.Tenant, ["sub"] = "ada", ["scope"] = "read", ["exp"] = At(60) };
        if (subs is not null) claims["subs"] = subs;
        if (caps is not null) claims["caps"] = caps;
        return GatewayServer.Sign(claims);
    }
}
