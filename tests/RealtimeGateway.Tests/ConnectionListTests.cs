using System.Net;
using System.Text.Json.Nodes;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary><c>/api/v1/connections</c>: who is connected, and the end of a connection.</summary>
public sealed class ConnectionListTests : GatewayTest
{
    [Fact]
    public async Task Administrator_sees_the_connections_of_the_tenant_on_every_transport_and_an_operator_all()
    {
        await using var ada = await ConnectAsync();
        await ada.SubscribeAsync(Metrics);
        await ada.SubscribeAsync(Alerts);
        await using var plain = await SocketClient.OpenAsync(Server.Address, $"/ws?stream=shop&access_token={Server.Token(subject: "bob")}");
        using var events = await EventStreamClient.OpenAsync(Server, $"/sse?stream=shop&access_token={Server.Token(subject: "cid")}");
        await using var stranger = await ConnectAsync(Server.Token(tenant: "other"));
        await plain.ReadAsync();
        await events.ReadAsync();

        var items = new List<JsonNode>();
        await Eventually.TrueAsync(async () => (items = await ItemsAsync("")).Count == 3);

        var first = items.Single(i => (string)i["user"]! == "ada");
        Assert.Equal(("acme", "websocket", "json", 0L), ((string)first["tenant"]!, (string)first["transport"]!, (string)first["format"]!, (long)first["queue_bytes"]!));
        Assert.Equal([Alerts, Metrics], first["channels"]!.AsArray().Select(c => (string)c!).Order(StringComparer.Ordinal));
        Assert.Equal(["ws", "sse"], items.Where(i => (string)i["format"]! == "plain").OrderBy(i => (string)i["user"]!).Select(i => (string)i["transport"]!));
        Assert.Equal(["ada"], (await ItemsAsync("?user=ada")).Select(i => (string)i["user"]!));
        Assert.Equal(["ada"], (await ItemsAsync("?channel=" + Alerts)).Select(i => (string)i["user"]!));
        Assert.Equal(4, (await ItemsAsync("", Server.Token(scopes: Scopes.Admin, roles: ["operator"]))).Count);
        var page = await GetAsync("/api/v1/connections?limit=2");
        Assert.Equal(items.Select(i => (string)i["client"]!).Order(StringComparer.Ordinal),
            page["items"]!.AsArray().Concat(await ItemsAsync("?cursor=" + page["next"])).Select(i => (string)i!["client"]!));
    }

    [Fact]
    public async Task Ended_connection_does_not_come_back_and_one_of_another_tenant_stays()
    {
        await using var ada = await ConnectAsync();
        await using var plain = await SocketClient.OpenAsync(Server.Address, $"/ws?stream=shop&access_token={Server.Token(subject: "bob")}");
        await using var stranger = await ConnectAsync(Server.Token(tenant: "other"));
        await Eventually.TrueAsync(async () => (await ItemsAsync("")).Count == 2);
        var all = await ItemsAsync("", Server.Token(scopes: Scopes.Admin, roles: ["operator"]));
        using var http = Server.Http();
        foreach (var item in all) Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteAsync("/api/v1/connections/" + item["client"])).StatusCode);

        Assert.Equal(3503, await ada.ReadToCloseAsync());
        Assert.Equal(3503, await plain.ReadToCloseAsync());
        Assert.Equal(0, Code(await stranger.SubscribeAsync("tenant:other:alerts")));
    }

    [Fact]
    public void Tenants_beyond_the_first_hundred_share_a_label()
    {
        var usages = new TenantUsages();
        for (var i = 0; i < 250; i++) usages.Of($"t{i}").Connected(1);

        Assert.Equal(TenantUsages.Most + 1, usages.All.Count());
        Assert.Equal(150, usages.All.Single(u => u.Tenant == TenantUsages.Others).Connections);
        Assert.Same(usages.Of("t7"), usages.Of("t7"));
    }

    [Fact]
    public async Task Traffic_is_counted_by_transport_kind_and_tenant()
    {
        await using (var ada = await ConnectAsync())
        {
            await ada.SubscribeAsync(Metrics);
            await Writer.PutAsync(LogWriter.Window(1, 1));
            await ada.PublicationAsync();
            using var http = Server.Http();
            var text = "";
            await Eventually.TrueAsync(async () => (text = await http.GetStringAsync("/metrics")).Contains("millrace_gateway_deliveries", StringComparison.Ordinal));
            // Gateways of other tests are in the same process, and counted with this one.
            Assert.Contains("""millrace_gateway_tenant_connections{tenant="acme"}""", text, StringComparison.Ordinal);
            foreach (var series in (string[])[
                """gateway_messages_out_total{format="json",transport="websocket"}""", """gateway_deliveries_total{kind="metrics"}""", """gateway_tenant_bytes_out_bytes_total{tenant="acme"}"""])
            {
                Assert.Matches($"(?m)^millrace_{System.Text.RegularExpressions.Regex.Escape(series)} [1-9]", text);
            }

        }
    }

    private async Task<List<JsonNode>> ItemsAsync(string query, string credential = GatewayServer.ApiKey) =>
        [.. (await GetAsync("/api/v1/connections" + query, credential))["items"]!.AsArray().Select(i => i!)];
}
