using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Millrace.Contracts.Protos;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Presence;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Who listens, on one and on two gateways.</summary>
public sealed class PresenceTests : GatewayTest
{
    private const string Room = "tenant:acme:lobby:room";

    protected override (string Key, string Value)[] Settings =>
    [
        ("Gateway:Namespaces:lobby:Presence", "true"), ("Gateway:Namespaces:lobby:JoinLeave", "true"), ("Gateway:Namespaces:quiet:HistorySize", "0"),
        ("Gateway:Presence:Ttl", "00:00:01"), ("Gateway:Presence:NodeName", "here"),
    ];

    [Fact]
    public async Task Everybody_is_seen_from_every_gateway_and_goes_when_it_goes()
    {
        await using var other = await Server.StartBesideAsync();
        await using var ada = await ConnectAsync();
        await ada.SubscribeAsync(Room);
        // At once for itself, without a detour over the log.
        Assert.Equal(["ada"], Users(await ada.CallAsync("presence", new { channel = Room })));
        await using (var bob = await ConnectToAsync(other, "bob"))
        {
            await bob.SubscribeAsync(Room);
            await using var twice = await ConnectToAsync(other, "bob");
            await twice.SubscribeAsync(Room);
            await Eventually.TrueAsync(async () => Users(await ada.CallAsync("presence", new { channel = Room })).SequenceEqual(["ada", "bob", "bob"]));
            var stats = (await bob.CallAsync("presence_stats", new { channel = Room }))["presence_stats"]!;
            Assert.Equal((3, 2), ((int)stats["num_clients"]!, (int)stats["num_users"]!));
            Assert.Equal(3, (await ApiAsync("presence", new { channel = Room }))["presence"]!.AsObject().Count);
            Assert.Equal(2, (int)(await ApiAsync("presence_stats", new { channel = Room }))["num_users"]!);
        }

        await Eventually.TrueAsync(async () => Users(await ada.CallAsync("presence", new { channel = Room })).SequenceEqual(["ada"]));
    }

    [Fact]
    public async Task Clients_of_a_gateway_that_gives_no_sign_of_life_are_gone_within_its_ttl()
    {
        var log = new CuttableLog(Server.Log);
        await using var other = await Server.StartBesideAsync(log);
        await using var ada = await ConnectAsync();
        await ada.CallAsync("subscribe", new { channel = Room, join_leave = true });
        await using var bob = await ConnectToAsync(other, "bob");
        await bob.SubscribeAsync(Room);
        await Eventually.TrueAsync(async () => Users(await ada.CallAsync("presence", new { channel = Room })).SequenceEqual(["ada", "bob"]));

        log.Cut();

        await Eventually.TrueAsync(async () => Users(await ada.CallAsync("presence", new { channel = Room })).SequenceEqual(["ada"]));
        while ((await ada.ReadAsync())["push"]?["leave"] is not { } left || (string)left["info"]!["user"]! != "bob")
        {
        }

        Assert.Equal(["here"], (await ApiAsync("info", new { }))["nodes"]!.AsArray().Select(n => (string)n!["name"]!));
    }

    [Fact]
    public async Task Listeners_that_want_to_know_are_told_who_comes_and_goes()
    {
        await using var other = await Server.StartBesideAsync();
        await using var ada = await ConnectAsync();
        await using var deaf = await ConnectAsync(Server.Token(subject: "deaf"));
        await ada.CallAsync("subscribe", new { channel = Room, join_leave = true });
        await deaf.SubscribeAsync(Room);
        await using (var bob = await ConnectToAsync(other, "bob")) await bob.SubscribeAsync(Room);
        await Eventually.TrueAsync(async () => (int)(await ApiAsync("presence_stats", new { channel = Room }))["num_users"]! == 2);

        var told = new List<string>();
        while (!told.Contains("leave bob"))
        {
            var push = (await ada.ReadAsync())["push"]!;
            var kind = push["join"] is null ? "leave" : "join";
            told.Add($"{kind} {push[kind]!["info"]!["user"]}");
        }

        Assert.Equal(["join ada", "join bob", "join deaf", "leave bob"], told.Order(StringComparer.Ordinal));
        Assert.True(told.IndexOf("join bob") < told.IndexOf("leave bob"));
        // Nothing of that for who did not ask: its next message is the answer to its next command.
        await deaf.SendAsync("""{"id":77,"presence_stats":{"channel":"tenant:acme:lobby:room"}}""");
        Assert.Equal(77, (int)(await deaf.ReadAsync())["id"]!);
    }

    [Fact]
    public async Task Namespace_that_keeps_no_presence_says_so()
    {
        await using var ada = await ConnectAsync();
        Assert.Equal(108, Code(await ada.CallAsync("presence", new { channel = "tenant:acme:quiet:x" })));
        Assert.Equal(108, Code(await ada.CallAsync("presence_stats", new { channel = Metrics })));
        Assert.Equal(103, Code(await ada.CallAsync("presence", new { channel = "tenant:other:lobby:x" })));
        Assert.Equal(102, Code(await ada.CallAsync("presence", new { channel = "tenant:acme:none:x" })));
    }

    [Theory]
    [InlineData("sub", 103)]
    [InlineData("sub prs", 0)]
    [InlineData("prs", 0)]
    [InlineData("hst", 103)]
    public async Task Claim_caps_must_name_prs_for_whoever_asks(string uses, int code)
    {
        var caps = new JsonArray(new JsonObject { ["channels"] = new JsonArray("tenant:acme:lobby:*"), ["allow"] = Texts(uses.Split(' ')) });
        await using var client = await ConnectAsync(Signed(("scope", "read"), ("caps", caps)));
        if (uses.StartsWith("sub", StringComparison.Ordinal)) Assert.Equal(0, Code(await client.SubscribeAsync(Room)));

        Assert.Equal(code, Code(await client.CallAsync("presence", new { channel = Room })));
        Assert.Equal(code, Code(await client.CallAsync("presence_stats", new { channel = Room })));
        Assert.Equal(103, Code(await client.CallAsync("presence", new { channel = "tenant:acme:quiet:x" })));
    }

    [Fact]
    public async Task Token_for_a_channel_shows_who_is_in_it_whatever_caps_say()
    {
        await using var client = await ConnectAsync(Signed(("scope", "read"), ("caps", new JsonArray())));
        Assert.Equal(103, Code(await client.CallAsync("presence", new { channel = Room })));
        await client.CallAsync("subscribe", new { channel = Room, token = Signed(("channel", Room)) });

        Assert.Equal(["ada"], Users(await client.CallAsync("presence", new { channel = Room })));
        Assert.Equal(103, Code(await client.CallAsync("presence", new { channel = "tenant:acme:lobby:next" })));
    }

    [Fact]
    public async Task Channels_and_info_tell_of_every_gateway_and_of_the_callers_tenant_only()
    {
        await using var other = await Server.StartBesideAsync(null, ("Millrace:Gateway:Presence:NodeName", "there"));
        await using var ada = await ConnectAsync();
        await using var bob = await ConnectToAsync(other, "bob");
        await using var stranger = await ConnectAsync(Server.Token(tenant: "other"));
        await ada.SubscribeAsync(Room);
        await bob.SubscribeAsync(Room);
        await bob.SubscribeAsync(Metrics);
        await stranger.SubscribeAsync("tenant:other:lobby:room");

        await Eventually.TrueAsync(async () => await CountsAsync("", GatewayServer.ApiKey) == $"{Room}=2 {Metrics}=1");
        Assert.Equal($"{Room}=2", await CountsAsync("*:lobby:*", GatewayServer.ApiKey));
        await Eventually.TrueAsync(async () => await CountsAsync("*lobby*", Server.Token(roles: ["operator"])) == $"{Room}=2 tenant:other:lobby:room=1");
        var nodes = (await ApiAsync("info", new { }, Server.Token(roles: ["operator"])))["nodes"]!.AsArray();
        Assert.Equal(["here", "there"], nodes.Select(n => (string)n!["name"]!).Order(StringComparer.Ordinal));
        await Eventually.TrueAsync(async () => (await ApiAsync("info", new { }, Server.Token(roles: ["operator"])))["nodes"]!.AsArray().Sum(n => (int)n!["num_clients"]!) == 3);
        Assert.Null((await ApiAsync("info", new { }))["nodes"]![0]!["num_clients"]);
    }

    [Fact]
    public void Client_that_goes_before_the_others_were_told_is_never_told_of()
    {
        var local = new LocalPresence();
        var name = new ChannelName("tenant:acme:lobby:x", ChannelScope.Tenant, "acme", null, "x");
        var (ada, bob) = (new ClientInfo("ada", "1"), new ClientInfo("bob", "2"));
        local.Joined(name, ada);
        local.Joined(name, bob);
        local.Left(name, ada);
        var told = local.Take(10);
        Assert.Equal([("bob", false)], told.Select(e => (e.Info.User, e.Left)));

        local.Left(name, bob);
        local.Return(told);
        Assert.Equal([("bob", true)], local.Take(10).Select(e => (e.Info.User, e.Left)));
        Assert.Empty(local.Of(name));
        Assert.False(local.ChangedAsync().IsCompleted);
    }

    [Fact]
    public void Gateway_whose_lease_has_run_out_takes_what_it_said_with_it()
    {
        var table = new PresenceTable();
        var name = new ChannelName("tenant:acme:lobby:x", ChannelScope.Tenant, "acme", null, "x");
        Assert.True(table.Renew("a", new NodeLease { TtlMs = 100 }, 1000));
        Assert.True(table.Join("a", name, new ClientInfo("ada", "1"), 1000));
        Assert.False(table.Join("a", name, new ClientInfo("ada", "1"), 1010));
        Assert.False(table.Renew("a", new NodeLease { TtlMs = 100 }, 1100));
        Assert.Empty(table.Expire(1200));
        Assert.Equal(["ada"], table.Elsewhere("b", name).Select(c => c.User));

        Assert.Equal(["ada"], table.Expire(1201).Select(gone => gone.Info.User));

        Assert.Empty(table.Elsewhere("b", name));
        // It was only slow: the others know nothing of it any more, so it has to say everything again.
        Assert.True(table.Renew("a", new NodeLease { TtlMs = 100 }, 1300));
        // It says goodbye.
        table.Renew("a", new NodeLease { TtlMs = 0 }, 1310);
        table.Expire(1310);
        Assert.Empty(table.Nodes);
    }

    private static string Signed(params (string Name, JsonNode Value)[] claims)
    {
        var all = new JsonObject { ["tenant"] = GatewayServer.Tenant, ["sub"] = "ada", ["exp"] = TimeProvider.System.GetUtcNow().AddMinutes(1).ToUnixTimeSeconds() };
        foreach (var (name, value) in claims) all[name] = value;
        return GatewayServer.Sign(all);
    }

    private static JsonArray Texts(string[] texts) => [.. texts.Select(text => (JsonNode)text)];

    private async Task<SocketClient> ConnectToAsync(WebApplication gateway, string user) =>
        await SocketClient.ConnectAsync(GatewayServer.AddressOf(gateway), Server.Token(subject: user));

    private static IEnumerable<string> Users(JsonNode reply) => reply["presence"]!["presence"]!.AsObject().Select(e => (string)e.Value!["user"]!).Order(StringComparer.Ordinal);

    private async Task<string> CountsAsync(string pattern, string credential) => string.Join(' ', (await ApiAsync("channels", new { pattern }, credential))["channels"]!.AsObject()
        .Select(c => $"{c.Key}={c.Value!["num_clients"]}").Order(StringComparer.Ordinal));

    private async Task<JsonNode> ApiAsync(string method, object request, string credential = GatewayServer.ApiKey)
    {
        using var http = Server.Http(credential);
        using var content = new StringContent(System.Text.Json.JsonSerializer.Serialize(request), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/" + method, content);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["result"]!;
    }
}
