using System.Net;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Health;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Credentials and time on standing connections.</summary>
public sealed class ConnectionTests : GatewayTest
{
    protected override (string, string)[] Settings =>
    [
        ("Gateway:Connections:PingInterval", "00:00:00.5"),
        ("Gateway:Connections:PongTimeout", "00:00:00.5"),
        ("Gateway:Connections:ConnectTimeout", "00:00:00.5"),
        ("Gateway:Connections:ExpiryGrace", "00:00:00"),
        ("Gateway:Connections:KeyCheckInterval", "00:00:01"),
        ("Gateway:Connections:CommandsPerSecond", "5"),
        ("Gateway:Connections:CommandBurst", "20"),
    ];

    [Fact]
    public async Task Expired_or_wrong_token_in_the_url_is_refused_before_the_upgrade()
    {
        var expired = await Server.ExpiredTokenAsync();

        foreach (var path in new[] { "/connection/websocket", "/ws?stream=shop", "/sse?stream=shop" })
        {
            var separator = path.Contains('?') ? '&' : '?';
            using var http = Server.Http(null);
            foreach (var token in new[] { expired, "nonsense" })
            {
                var refused = await Assert.ThrowsAsync<HttpRequestException>(
                    async () => await SocketClient.OpenAsync(Server.Address, $"{path}{separator}access_token={token}"));
                Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            }
        }
    }

    [Fact]
    public async Task Expired_token_in_the_header_is_refused_before_the_upgrade()
    {
        var refused = await Assert.ThrowsAsync<HttpRequestException>(
            async () => await SocketClient.OpenAsync(Server.Address, "/connection/websocket", header: await Server.ExpiredTokenAsync()));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Expired_token_in_the_command_is_109_so_that_the_client_fetches_another()
    {
        var expired = await Server.ExpiredTokenAsync();
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");

        Assert.Equal(109, Code(await client.CallAsync("connect", new { token = expired })));
    }

    [Fact]
    public async Task Token_of_the_upgrade_serves_a_connect_without_one()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket?access_token=" + Server.Token());

        Assert.NotNull((await client.CallAsync("connect", new { }))["connect"]);
    }

    [Fact]
    public async Task Credential_without_read_is_3507()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");

        await client.SendAsync($$$"""{"id":1,"connect":{"token":"{{{Server.Token(scopes: Scopes.Ingest)}}}"}}""");

        Assert.Equal(3507, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task No_connect_command_in_time_is_3502()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket");

        Assert.Equal(3502, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Ping_without_pong_is_3012_and_with_pong_goes_on()
    {
        await using var silent = await ConnectAsync();
        await using var polite = await ConnectAsync();

        for (var i = 0; i < 3; i++)
        {
            var ping = await polite.ReadAsync();
            Assert.Equal("{}", ping.ToJsonString());
            await polite.SendAsync("{}");
        }

        Assert.Equal(3012, await silent.ReadToCloseAsync());
        Assert.Equal(0, Code(await polite.SubscribeAsync(Metrics)));
    }

    [Fact]
    public async Task Pings_by_control_frames_are_answered_by_the_client_itself()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/websocket?cf_ws_frame_ping_pong=true");
        var reply = (await client.CallAsync("connect", new { token = Server.Token() }))["connect"]!;
        Assert.Null(reply["ping"]);
        await client.SubscribeAsync(Metrics);

        // The client answers while it reads. One that does not answer is thrown out before the window comes, so a ping has been answered by then.
        var reading = client.PublicationAsync();
        await using var silent = await ConnectAsync();
        Assert.Equal(3012, await silent.ReadToCloseAsync());
        await Writer.PutAsync(LogWriter.Window(1, 7));

        Assert.Equal(7, (int)(await reading)["data"]!["data"]!["count"]!);
    }

    [Fact]
    public async Task Too_many_commands_are_3013()
    {
        await using var client = await ConnectAsync();

        await client.SendAsync(string.Join('\n', Enumerable.Range(2, 60).Select(i => $$$"""{"id":{{{i}}},"history":{"channel":"{{{Metrics}}}"}}""")));

        Assert.Equal(3013, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Connection_ends_with_its_token_unless_refreshed()
    {
        await using var lazy = await ConnectAsync(Server.Token(lifetime: TimeSpan.FromSeconds(2)));
        await using var eager = await ConnectAsync(Server.Token(lifetime: TimeSpan.FromSeconds(2)));

        var refreshed = (await eager.CallAsync("refresh", new { token = Server.Token() }))["refresh"]!;
        _ = AnswerPingsAsync(lazy);

        Assert.True((bool)refreshed["expires"]!);
        Assert.InRange((int)refreshed["ttl"]!, 50, 60);
        await Eventually.TrueAsync(() => lazy.CloseCode is not null);
        Assert.Equal(3005, lazy.CloseCode);
    }

    [Fact]
    public async Task Refresh_with_somebody_elses_token_is_3500()
    {
        await using var client = await ConnectAsync();

        await client.SendAsync($$$"""{"id":2,"refresh":{"token":"{{{Server.Token(subject: "bob")}}}"}}""");

        Assert.Equal(3500, await client.ReadToCloseAsync());
    }

    [Fact]
    public async Task Refresh_with_an_expired_token_is_109()
    {
        var expired = await Server.ExpiredTokenAsync();
        await using var client = await ConnectAsync();

        Assert.Equal(109, Code(await client.CallAsync("refresh", new { token = expired })));
    }

    [Fact]
    public async Task Refresh_with_a_narrower_token_ends_what_it_does_not_list()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Metrics);
        await client.SubscribeAsync(Alerts);

        await client.CallAsync("refresh", new { token = Server.Token(channels: [Alerts]) });

        var push = (await client.ReadAsync())["push"]!;
        Assert.Equal(Metrics, (string)push["channel"]!);
        Assert.Equal(2000, (int)push["unsubscribe"]!["code"]!);
    }

    [Fact]
    public async Task Connection_of_a_revoked_key_ends_with_3500()
    {
        var keys = Server.Get<IApiKeyStore>();
        var created = (await keys.CreateAsync(GatewayServer.Tenant, "viewer", Scopes.Read, "test", default))!;
        await using var client = await ConnectAsync(created.ClearText);
        var reading = AnswerPingsAsync(client);

        await keys.RevokeAsync(GatewayServer.Tenant, created.Key.Id, "test", default);

        await Eventually.TrueAsync(() => client.CloseCode is not null);
        Assert.Equal(3500, client.CloseCode);
        await reading;
    }

    [Fact]
    public async Task Stop_disconnects_with_3001_and_is_not_ready()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Metrics);
        await using var plain = await SocketClient.OpenAsync(Server.Address, "/ws?stream=shop&access_token=" + Server.Token());
        await plain.ReadAsync();
        var readiness = Server.Get<ReadinessGate>();
        var closing = client.ReadToCloseAsync();
        var plainClosing = plain.ReadToCloseAsync();

        await Server.App.StopAsync();

        Assert.Equal(3001, await closing);
        Assert.Equal(3001, await plainClosing);
        Assert.False(readiness.IsReady);
    }

    private static async Task AnswerPingsAsync(SocketClient client)
    {
        try
        {
            while (true)
            {
                if ((await client.ReadAsync()).ToJsonString() == "{}") await client.SendAsync("{}");
            }
        }
        catch (EndOfStreamException)
        {
            // Closed by the server, which is what the test looks at.
        }
    }
}
