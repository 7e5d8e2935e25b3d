using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The Centrifuge protocol over long answers, and one way.</summary>
public sealed class StreamTests : GatewayTest
{
    private static readonly string Wanted = $$$$"""{"subs":{"{{{{Metrics}}}}":{}}}""";

    [Fact]
    public async Task Commands_by_emulation_are_answered_in_the_stream()
    {
        using var http = Server.Http(null);
        using var stream = await OpenAsync(http);
        var connect = (await stream.ReadAsync())!["connect"]!;

        using var answer = await EmulateAsync(http, connect, $$$$"""{"id":2,"subscribe":{"channel":"{{{{Metrics}}}}"}}""");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.NotNull((await stream.ReadAsync())!["subscribe"]);
        await Writer.PutAsync(LogWriter.Window(1, 5));
        Assert.Equal(5, (int)(await stream.ReadAsync())!["push"]!["pub"]!["data"]!["data"]!["count"]!);
    }

    [Fact]
    public async Task Session_that_is_not_here_is_404_and_says_with_whom_it_is()
    {
        using var http = Server.Http(null);
        using var stream = await OpenAsync(http);
        var connect = (await stream.ReadAsync())!["connect"]!;

        using var wrong = await EmulateAsync(http, new JsonObject { ["session"] = "0123", ["node"] = (string)connect["node"]! }, "{}");
        using var other = await EmulateAsync(http, new JsonObject { ["session"] = "0123", ["node"] = "another" }, "{}");
        using var nonsense = await http.PostAsync("/emulation", new StringContent("nonsense"));

        Assert.Equal(HttpStatusCode.NotFound, wrong.StatusCode);
        Assert.Contains("has ended", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("another instance", await other.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
    }

    [Fact]
    public async Task Broken_command_by_emulation_ends_the_stream_with_the_reason()
    {
        using var http = Server.Http(null);
        using var stream = await OpenAsync(http);
        var connect = (await stream.ReadAsync())!["connect"]!;

        using var answer = await EmulateAsync(http, connect, "nonsense");
        var last = await stream.ReadAsync();

        Assert.Equal(3501, (int)last!["push"]!["disconnect"]!["code"]!);
        Assert.False((bool?)last["push"]!["disconnect"]!["reconnect"] ?? false);
        Assert.Null(await stream.ReadAsync());
    }

    [Theory]
    [InlineData("/connection/http_stream", "POST")]
    [InlineData("/connection/sse", "GET")]
    [InlineData("/connection/sse", "POST")]
    public async Task Stream_without_a_command_is_400(string path, string method)
    {
        using var http = Server.Http(null);

        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/connection/uni_http_stream")]
    [InlineData("/connection/uni_sse")]
    public async Task One_way_stream_connects_with_its_channels_and_brings_what_comes(string path)
    {
        await Writer.PutAsync(LogWriter.Window(1, 1));
        await WindowsSeenAsync(1);
        using var http = Server.Http(Server.Token());
        using var stream = await LineClient.OpenAsync(http, HttpMethod.Get, $"{path}?cf_connect={Uri.EscapeDataString(Wanted)}");

        var connect = (await stream.ReadAsync())!["connect"]!;
        await Writer.PutAsync(LogWriter.Window(2, 5));
        var push = (await stream.ReadAsync())!;

        Assert.Single(connect["subs"]![Metrics]!["data"]!["data"]!["windows"]!.AsArray());
        Assert.Null(connect["pong"]);
        Assert.Equal(Metrics, (string)push["channel"]!);
        Assert.Equal(5, (int)push["pub"]!["data"]!["data"]!["count"]!);
        Assert.Equal(2, (int)push["pub"]!["offset"]!);
    }

    [Fact]
    public async Task One_way_client_goes_on_from_where_it_was()
    {
        using var http = Server.Http(Server.Token());
        using var first = await LineClient.OpenAsync(http, HttpMethod.Post, "/connection/uni_http_stream", new StringContent(Wanted));
        var epoch = (string)(await first.ReadAsync())!["connect"]!["subs"]![Metrics]!["epoch"]!;
        await Writer.PutAsync(LogWriter.Window(1, 1), LogWriter.Window(2, 2), LogWriter.Window(3, 3));
        await WindowsSeenAsync(3);

        var request = $$$$"""{"subs":{"{{{{Metrics}}}}":{"recover":true,"epoch":"{{{{epoch}}}}","offset":1}}}""";
        using var second = await LineClient.OpenAsync(http, HttpMethod.Post, "/connection/uni_sse", new StringContent(request));
        var sub = (await second.ReadAsync())!["connect"]!["subs"]![Metrics]!;

        Assert.True((bool)sub["recovered"]!);
        Assert.Equal([2, 3], sub["publications"]!.AsArray().Select(p => (int)p!["offset"]!));
    }

    [Fact]
    public async Task One_way_socket_takes_a_connect_request_and_nothing_else()
    {
        await using var client = await SocketClient.OpenAsync(Server.Address, "/connection/uni_websocket");

        await client.SendAsync($$$$"""{"token":"{{{{Server.Token()}}}}","subs":{"{{{{Metrics}}}}":{}}}""");
        var connect = (await client.ReadAsync())["connect"]!;
        await client.SendAsync("whatever");
        await Writer.PutAsync(LogWriter.Window(1, 5));

        Assert.NotNull(connect["subs"]![Metrics]);
        Assert.Equal(5, (int)(await client.ReadAsync())["pub"]!["data"]!["data"]!["count"]!);
    }

    [Fact]
    public async Task One_way_client_is_refused_what_is_not_its_own()
    {
        using var http = Server.Http(Server.Token());
        using var stream = await LineClient.OpenAsync(
            http, HttpMethod.Post, "/connection/uni_http_stream", new StringContent("""{"subs":{"tenant:other:metrics:shop":{}}}"""));

        Assert.Equal(3507, (int)(await stream.ReadAsync())!["disconnect"]!["code"]!);
        Assert.Null(await stream.ReadAsync());
    }

    [Fact]
    public async Task Page_of_elsewhere_may_ask()
    {
        using var http = Server.Http(null);
        using var request = new HttpRequestMessage(HttpMethod.Options, "/emulation");
        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    private Task<LineClient> OpenAsync(HttpClient http) => LineClient.OpenAsync(
        http, HttpMethod.Post, "/connection/http_stream", new StringContent($$$$"""{"id":1,"connect":{"token":"{{{{Server.Token()}}}}"}}""", Encoding.UTF8, "application/json"));

    private static Task<HttpResponseMessage> EmulateAsync(HttpClient http, JsonNode connect, string data) =>
        http.PostAsJsonAsync("/emulation", new { session = (string)connect["session"]!, node = (string)connect["node"]!, data });
}
