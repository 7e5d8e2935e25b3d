using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Security.Tests.Support;
using Xunit;

namespace Millrace.Security.Tests;

/// <summary>Whatever is done with secrets, and however much is logged, none of them is written where it can be read.</summary>
[Collection(RunningCollection.Name)]
public sealed class SecretTests(RunningMillrace millrace)
{
    [Fact]
    public async Task Secrets_are_in_no_log_line_no_error_and_no_metric()
    {
        var token = Tokens.Valid("alice");
        var expired = Tokens.Expired("alice");
        var tampered = Tokens.Tampered("bob", "alice");
        const string Unknown = "mk_unknown_thisisakeythatnobodyknows00000000";
        const string WebhookSecret = "whsec_c2VjcmV0b2Z0aGV3ZWJob29rdGhhdG5vYm9keXNlZXM=";
        var answers = new List<string>();

        var created = await millrace.OkAsync("POST", "/api/v1/keys", RunningMillrace.AliceKey, """{"name":"of the secrets","scopes":["read"]}""");
        var newKey = (string)created["key"]!;
        await millrace.OkAsync(
            "POST", "/api/v1/receivers", token, $$"""{"id":"secretive","name":"x","kind":"webhook","url":"http://127.0.0.1:9/hook","secret":"{{WebhookSecret}}"}""");
        await millrace.OkAsync(
            "POST", "/api/v1/rules", token, """{"id":"secretive","name":"x","kind":"threshold","stream":"secretive","receivers":["secretive"],"condition":{"value":"count","op":">=","threshold":1}}""");
        await millrace.OkAsync("POST", "/ingest", RunningMillrace.AliceKey, """{"stream":"secretive"}""");

        foreach (var credential in new[] { RunningMillrace.AliceKey, newKey, token, expired, tampered, Unknown })
        {
            answers.Add((await millrace.SendAsync("GET", "/api/v1/me", credential)).Body);
            answers.Add((await millrace.SendAsync("GET", $"/api/v1/streams?access_token={credential}", null)).Body);
            answers.Add((await millrace.SendAsync("GET", $"/ws?stream=s&access_token={credential}", null)).Body);
            answers.Add((await millrace.SendAsync("GET", $"/nowhere?access_token={credential}", null)).Body);
            answers.Add((await millrace.SendAsync("DELETE", $"/api/v1/keys/x?access_token={credential}", null)).Body);
            answers.Add((await millrace.SendAsync("POST", "/api/v1/query", credential, """{"sql":"SELECT nonsense("}""")).Body);
            answers.Add(await ThroughHeaderAsync("X-API-Key", credential));
            answers.Add(await ClickHouseAsync("alice", credential, "SELECT nonsense"));
            answers.Add(await ClickHouseInUrlAsync("alice", credential));
            await SocketAsync(credential);
        }

        answers.Add((await millrace.SendAsync("GET", "/api/v1/receivers/secretive", token)).Body);
        answers.Add((await millrace.SendAsync("GET", "/api/v1/deliveries", token)).Body);
        answers.Add((await millrace.SendAsync("GET", "/api/v1/keys", token)).Body);
        answers.Add((await millrace.SendAsync("GET", "/health", null)).Body);
        answers.Add((await millrace.SendAsync("GET", "/metrics", null)).Body);

        var secrets = new Dictionary<string, string>
        {
            ["the bootstrap key"] = RunningMillrace.AliceKey,
            ["a key made by the API"] = newKey,
            ["the signing key"] = RunningMillrace.SigningKey,
            ["a token's signature"] = token.Split('.')[2],
            ["an expired token's signature"] = expired.Split('.')[2],
            ["an unknown key"] = Unknown,
            ["a webhook's secret"] = WebhookSecret["whsec_".Length..],
        };
        var leaks = new List<string>();
        foreach (var (what, secret) in secrets)
        {
            foreach (var form in new[] { secret, Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:" + secret)), Uri.EscapeDataString(secret) }.Distinct())
            {
                leaks.AddRange(millrace.Logs.Lines.Where(line => line.Contains(form, StringComparison.Ordinal)).Take(3).Select(line => $"{what} is logged: {line}"));
                leaks.AddRange(answers.Where(answer => answer.Contains(form, StringComparison.Ordinal)).Take(3).Select(answer => $"{what} is in an answer: {answer}"));
            }
        }

        Assert.Equal([], leaks);
        Assert.Contains(millrace.Logs.Lines, line => line.Contains(" Debug ", StringComparison.Ordinal));
    }

    private async Task<string> ThroughHeaderAsync(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
        request.Headers.Add(header, value);
        using var answer = await millrace.Http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<string> ClickHouseAsync(string user, string password, string sql)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, millrace.ClickHouse) { Content = new StringContent(sql) };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        using var answer = await millrace.Http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<string> ClickHouseInUrlAsync(string user, string password)
    {
        using var answer = await millrace.Http.PostAsync(new Uri(millrace.ClickHouse, $"/?user={user}&password={Uri.EscapeDataString(password)}"), new StringContent("SELECT nonsense"));
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task SocketAsync(string credential)
    {
        using var socket = new ClientWebSocket();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.ConnectAsync(new UriBuilder(millrace.Url) { Scheme = "ws", Path = "/connection/websocket" }.Uri, limit.Token);
        var connect = new JsonObject { ["id"] = 1, ["connect"] = new JsonObject { ["token"] = credential } };
        await socket.SendAsync(Encoding.UTF8.GetBytes(connect.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        await socket.ReceiveAsync(new byte[64 * 1024], limit.Token);
    }
}
