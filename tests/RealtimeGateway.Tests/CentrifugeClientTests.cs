using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.RealtimeGateway.Operations;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The published npm package <c>centrifuge</c>, unmodified.</summary>
public sealed class CentrifugeClientTests : GatewayTest
{
    [Fact]
    public async Task Published_client_connects_recovers_refreshes_and_is_refused_where_it_must_be() =>
        await ClientScript.RunAsync(Server, "session.mjs", [await Server.ExpiredTokenAsync()]);

    [Theory]
    [InlineData("json", "websocket")]
    [InlineData("json", "http_stream")]
    [InlineData("json", "sse")]
    [InlineData("protobuf", "websocket")]
    [InlineData("protobuf", "http_stream")]
    public Task Published_client_finds_everything_in_every_format_over_every_transport(string format, string transport) =>
        ClientScript.ConformAsync(Server, format, transport);

    [Fact]
    public async Task Published_client_is_sent_away_by_an_instance_that_stops_and_comes_back_to_another()
    {
        await using var other = await Server.StartBesideAsync();

        var drain = Server.App.Services.GetServices<IHostedService>().OfType<GatewayDrain>().Single();

        await ClientScript.RunAsync(
            Server, "drain.mjs", [GatewayServer.AddressOf(other).ToString()], whenReady: () => drain.StoppingAsync(TestContext.Current.CancellationToken));
    }
}
