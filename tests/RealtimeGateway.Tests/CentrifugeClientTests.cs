using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The published npm package <c>centrifuge</c>, unmodified.</summary>
public sealed class CentrifugeClientTests : GatewayTest
{
    [Fact]
    public async Task Published_client_connects_recovers_refreshes_and_is_refused_where_it_must_be() =>
        await ClientScript.RunAsync(Server, "session.mjs", await Server.ExpiredTokenAsync());

    [Theory]
    [InlineData("json", "websocket")]
    [InlineData("json", "http_stream")]
    [InlineData("json", "sse")]
    [InlineData("protobuf", "websocket")]
    [InlineData("protobuf", "http_stream")]
    public Task Published_client_finds_everything_in_every_format_over_every_transport(string format, string transport) =>
        ClientScript.RunAsync(Server, "conformance.mjs", format, transport);
}
