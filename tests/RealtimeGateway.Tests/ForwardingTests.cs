using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Requests of the other services that come to the gateway.</summary>
public sealed class ForwardingTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_of_another_service_reaches_it_whole_and_its_answer_comes_back_as_it_is()
    {
        await using var other = await OtherService.StartAsync();
        await using var server = await GatewayServer.StartAsync(("Gateway:Forward:Ingest", other.Url), ("Gateway:Forward:Alerting", other.Url));
        using var http = server.Http("some-credential");
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(new string('x', 1 << 20)));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        body.Headers.ContentEncoding.Add("br");
        using var answer = await http.PostAsync(new Uri("/ingest?stream=shop", UriKind.Relative), body, Cancelled);
        Assert.Equal((HttpStatusCode)429, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), answer.Headers.RetryAfter!.Delta);
        Assert.Equal("POST /ingest?stream=shop application/x-ndjson br Bearer some-credential 1048576", await answer.Content.ReadAsStringAsync(Cancelled));

        using var rules = await http.PutAsync(new Uri("/api/v1/rules/r-1", UriKind.Relative), new StringContent("{}"), Cancelled);
        Assert.StartsWith("PUT /api/v1/rules/r-1", await rules.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);

        // The archiver's address is not known here.
        using var query = await http.PostAsync(new Uri("/api/v1/query", UriKind.Relative), new StringContent("{}"), Cancelled);
        Assert.Equal(HttpStatusCode.NotFound, query.StatusCode);
    }

    [Fact]
    public async Task Acknowledgement_by_rpc_reaches_alerting_with_the_clients_credential()
    {
        await using var other = await OtherService.StartAsync();
        await using var server = await GatewayServer.StartAsync(("Gateway:Forward:Alerting", other.Url));
        var token = server.Token();
        await using var client = await SocketClient.ConnectAsync(server.Address, token);

        var taken = await client.CallAsync("rpc", new { method = "alerts.ack", data = new { id = "a-1", comment = "seen" } });
        var refused = await client.CallAsync("rpc", new { method = "alerts.ack", data = new { id = "forbidden" } });
        var unknown = await client.CallAsync("rpc", new { method = "alerts.ack", data = new { id = "unknown" } });
        var nonsense = await client.CallAsync("rpc", new { method = "alerts.ack", data = new { id = 7 } });

        Assert.Equal("""{"comment":"seen"}""", (string)taken["rpc"]!["data"]!["body"]!);
        Assert.Equal("Bearer " + token, (string)taken["rpc"]!["data"]!["credential"]!);
        Assert.Equal(103, (int)refused["error"]!["code"]!);
        Assert.Equal(404, (int)unknown["error"]!["code"]!);
        Assert.Equal(107, (int)nonsense["error"]!["code"]!);
    }

    [Fact]
    public async Task Service_that_is_away_is_a_503_to_try_again()
    {
        string address;
        await using (var other = await OtherService.StartAsync()) address = other.Url;
        await using var server = await GatewayServer.StartAsync(("Gateway:Forward:Archiver", address));
        using var http = server.Http();
        using var answer = await http.GetAsync(new Uri("/api/v1/metrics?stream=s", UriKind.Relative), Cancelled);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancelled))!;
        Assert.Equal(("unavailable", true), ((string)problem["code"]!, (bool)problem["retryable"]!));
    }

    [Fact]
    public async Task Address_that_is_none_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayServer.StartAsync(("Gateway:Forward:Ingest", "ingest:8081")));
        Assert.Contains("Forward:Ingest is 'ingest:8081'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Stands where another service would, and says what reached it.</summary>
    private sealed class OtherService(WebApplication app) : IAsyncDisposable
    {
        public string Url => app.Urls.First();

        public static async Task<OtherService> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var app = builder.Build();
            app.Run(async http =>
            {
                var request = http.Request;
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body);
                if (request.Path.Value!.EndsWith("/ack", StringComparison.Ordinal))
                {
                    http.Response.StatusCode = request.Path.Value.Split('/')[^2] switch { "a-1" => 200, "forbidden" => 403, _ => 404 };
                    await http.Response.WriteAsJsonAsync(new { body = Encoding.UTF8.GetString(body.ToArray()), credential = request.Headers.Authorization.ToString() });
                    return;
                }

                http.Response.StatusCode = 429;
                http.Response.Headers.RetryAfter = "7";
                await http.Response.WriteAsync(
                    $"{request.Method} {request.Path}{request.QueryString} {request.ContentType} {request.Headers.ContentEncoding} {request.Headers.Authorization} {body.Length}");
            });
            await app.StartAsync();
            return new OtherService(app);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
