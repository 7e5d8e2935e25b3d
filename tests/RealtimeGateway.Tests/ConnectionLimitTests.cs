using System.Net;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Limits of a tenant's and a user's connections, and of how fast they come.</summary>
public sealed class ConnectionLimitTests
{
    [Fact]
    public async Task Tenant_and_user_have_no_more_connections_than_they_may_and_get_a_place_back()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:Connections:UserLimit", "2"), ("Gateway:Connections:TenantLimit", "3"));
        await using var first = await SocketClient.ConnectAsync(server.Address, server.Token());
        var second = await SocketClient.OpenAsync(server.Address, $"/ws?stream=shop&access_token={server.Token()}");
        await second.ReadAsync();

        await using var third = await SocketClient.OpenAsync(server.Address, "/connection/websocket");
        await third.SendAsync($$$"""{"id":1,"connect":{"token":"{{{server.Token()}}}"}}""");
        Assert.Equal(3504, await third.ReadToCloseAsync());
        await using var bob = await SocketClient.ConnectAsync(server.Address, server.Token(subject: "bob"));
        await using var cid = await SocketClient.OpenAsync(server.Address, $"/ws?stream=shop&access_token={server.Token(subject: "cid")}");
        Assert.Equal(3504, await cid.ReadToCloseAsync());
        await using var stranger = await SocketClient.ConnectAsync(server.Address, server.Token(tenant: "other"));

        await second.DisposeAsync();
        await Eventually.TrueAsync(async () =>
        {
            await using var again = await SocketClient.OpenAsync(server.Address, "/connection/websocket");
            await again.SendAsync($$$"""{"id":1,"connect":{"token":"{{{server.Token()}}}"}}""");
            try
            {
                return (await again.ReadAsync())["connect"] is not null;
            }
            catch (EndOfStreamException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Connections_that_come_too_fast_are_told_to_come_later()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:Connections:PerSecond", "1"));
        await using var first = await SocketClient.ConnectAsync(server.Address, server.Token());
        var refused = HttpStatusCode.OK;
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await using var more = await SocketClient.ConnectAsync(server.Address, server.Token());
            }
            catch (HttpRequestException e)
            {
                refused = e.StatusCode!.Value;
            }

            return refused != HttpStatusCode.OK;
        });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await using var later = await SocketClient.ConnectAsync(server.Address, server.Token());
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }
}
