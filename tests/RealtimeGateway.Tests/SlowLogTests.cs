using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>A gateway that starts on a log whose readers get nothing the first times that they ask, though there is something.</summary>
public sealed class SlowLogTests : GatewayTest
{
    private const int Hesitations = 5;

    private static readonly TimeSpan _history = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Gateway_is_ready_only_when_it_has_what_was_on_the_log()
    {
        await Writer.PutAsync(LogWriter.Window(1, 1, final: true));
        await using var other = await Server.StartBesideAsync(new HesitantLog(Server.Log, Hesitations));
        using var http = Http(other);

        await Eventually.TrueAsync(async () =>
        {
            using var answer = await http.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        });

        Assert.Single(await WindowsAsync(http));
    }

    [Fact]
    public async Task Windows_older_than_the_history_are_brought_back_though_the_log_hesitates()
    {
        await Writer.PutAsync(LogWriter.Window(1, 1, final: true), LogWriter.Window(2, 3, final: true));
        var put = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(put) > _history * 1.5);
        // What is older than its history comes back by the backfill alone.
        await using var other = await Server.StartBesideAsync(new HesitantLog(Server.Log, Hesitations), ("Millrace:Gateway:History:Ttl", _history.ToString("c")));
        using var http = Http(other);

        await Eventually.TrueAsync(async () => (await WindowsAsync(http)).Count == 2);
    }

    private static HttpClient Http(WebApplication gateway)
    {
        var http = new HttpClient { BaseAddress = GatewayServer.AddressOf(gateway) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GatewayServer.ApiKey);
        return http;
    }

    private static async Task<JsonArray> WindowsAsync(HttpClient http) =>
        JsonNode.Parse(await http.GetStringAsync("/api/v1/windows?stream=" + LogWriter.Stream))!["items"]!.AsArray();
}
