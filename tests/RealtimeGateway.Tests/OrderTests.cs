using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>What a backend orders one gateway reaches the connections of another.</summary>
public sealed class OrderTests : GatewayTest, IAsyncLifetime
{
    private const string Room = "tenant:acme:chat:room";
    private WebApplication _other = null!;

    protected override (string Key, string Value)[] Settings => [("Gateway:Namespaces:chat:HistorySize", "10"), ("Gateway:Connections:ExpiryGrace", "00:00:00")];

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        _other = await Server.StartBesideAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await _other.DisposeAsync();
        await DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Subscribed_by_the_server_gets_what_is_published_until_it_is_unsubscribed()
    {
        await using var ada = await ConnectToOtherAsync();
        Assert.Equal(0, await CallAsync("subscribe", new { channel = Room, user = "ada", data = new { hello = 1 } }));
        var subscribe = await PushAsync(ada, "subscribe");
        Assert.Equal((Room, """{"hello":1}"""), ((string)subscribe["channel"]!, subscribe["subscribe"]!["data"]!.ToJsonString()));

        await CallAsync("publish", new { channel = Room, data = 1 });
        Assert.Equal(0, await CallAsync("unsubscribe", new { channel = Room, user = "ada" }));
        await CallAsync("publish", new { channel = Room, data = 2 });

        // What was published before comes before, and nothing after.
        Assert.Equal(1, (int)(await PushAsync(ada, "pub"))["pub"]!["data"]!);
        Assert.Equal(2000, (int)(await PushAsync(ada, "unsubscribe"))["unsubscribe"]!["code"]!);
        await Eventually.TrueAsync(
            async () => (int)(await ada.CallAsync("history", new { channel = Room, limit = 1, reverse = true }))["history"]!["publications"]![0]!["data"]! == 2);
        Assert.Equal(0, ada.Waiting);
    }

    [Fact]
    public async Task Disconnected_are_those_of_the_user_and_the_tenant_with_code_and_reason_and_not_those_that_may_stay()
    {
        await using var stranger = await ConnectToOtherAsync(Server.Token(tenant: "other"));
        await using var bob = await ConnectToOtherAsync(Server.Token(subject: "bob"));
        await using var first = await ConnectToOtherAsync();
        await using var here = await ConnectAsync();
        await using var stays = await SocketClient.OpenAsync(GatewayServer.AddressOf(_other), "/connection/websocket");
        var client = (string)(await stays.CallAsync("connect", new { token = Server.Token() }))["connect"]!["client"]!;

        Assert.Equal(0, await CallAsync("disconnect", new { user = "ada", whitelist = new[] { client }, disconnect = new { code = 4001, reason = "go" } }));

        Assert.Equal((4001, "go"), (await first.ReadToCloseAsync(), first.CloseReason));
        Assert.Equal(4001, await here.ReadToCloseAsync());
        foreach (var left in new[] { stranger, bob, stays }) Assert.Equal(102, Code(await left.SubscribeAsync("nothing")));
        Assert.Equal(0, await CallAsync("disconnect", new { client }));
        Assert.Equal(3503, await stays.ReadToCloseAsync());
    }

    [Fact]
    public async Task Refresh_changes_when_the_credential_ends()
    {
        await using var ada = await ConnectToOtherAsync(Server.Token(lifetime: TimeSpan.FromMinutes(1)));
        var end = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        Assert.Equal(0, await CallAsync("refresh", new { user = "ada", expire_at = end }));
        var refresh = (await PushAsync(ada, "refresh"))["refresh"]!;
        Assert.True((bool)refresh["expires"]!);
        Assert.InRange((int)refresh["ttl"]!, 3500, 3600);

        Assert.Equal(0, await CallAsync("refresh", new { user = "ada", expire_at = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() }));
        Assert.Equal(3005, await ada.ReadToCloseAsync());
        await using var again = await ConnectToOtherAsync();
        Assert.Equal(0, await CallAsync("refresh", new { user = "ada", expired = true }));
        Assert.Equal(3005, await again.ReadToCloseAsync());
    }

    [Fact]
    public async Task Order_that_names_nobody_or_is_not_the_callers_is_refused()
    {
        Assert.Equal(107, await CallAsync("disconnect", new { }));
        Assert.Equal(107, await CallAsync("disconnect", new { user = "ada", disconnect = new { code = 1000 } }));
        Assert.Equal(103, await CallAsync("unsubscribe", new { user = "ada", channel = "tenant:other:chat:room" }));
        Assert.Equal(102, await CallAsync("subscribe", new { user = "ada", channel = "tenant:acme:none:room" }));
        using var writer = Server.Http(Server.Token(scopes: Scopes.Read | Scopes.Write));
        using var content = new StringContent("""{"user":"ada"}""");
        Assert.Equal(403, (int)(await writer.PostAsync("/api/disconnect", content)).StatusCode);
    }

    private async Task<SocketClient> ConnectToOtherAsync(string? token = null) => await SocketClient.ConnectAsync(GatewayServer.AddressOf(_other), token ?? Server.Token());

    private static async Task<JsonNode> PushAsync(SocketClient client, string kind)
    {
        while (true)
        {
            if ((await client.ReadAsync())["push"] is { } push && push[kind] is not null) return push;
        }
    }

    private async Task<int> CallAsync(string method, object request)
    {
        using var http = Server.Http();
        using var content = new StringContent(System.Text.Json.JsonSerializer.Serialize(request), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/" + method, content);
        return Code(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }
}
