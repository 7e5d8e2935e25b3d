using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Security.Tests.Support;
using Xunit;

namespace Millrace.Security.Tests.Isolation;

/// <summary>Every kind of channel × every kind of credential, over the sockets' own protocol.</summary>
[Collection(RunningCollection.Name)]
public sealed class ChannelMatrixTests(RunningMillrace millrace, ITestOutputHelper output)
{
    private const string Open = "open", PermissionDenied = "code 103", NoConnection = "no connection";

    // Of the tenant alice; what is of others or of nobody in particular stands below.
    private static readonly string[] Channels = ["tenant:alice:metrics:s", "tenant:alice:events:s", "tenant:alice:alerts"];
    private static readonly string[] Foreign = ["admin:x", "system:x", "user:someone-of-carol:x", "tenant:alice:metrics:s", "tenant:alice:presence"];

    [Fact]
    public async Task Channel_opens_for_its_tenant_with_scope_read_and_for_nobody_else()
    {
        var wrong = new List<string>();
        var tried = 0;
        foreach (var channel in Channels)
        {
            await ExpectAsync("Alice", Tokens.Valid("alice", "read"), channel, Open);
            await ExpectAsync("Alice's key", RunningMillrace.AliceKey, channel, Open);
            await ExpectAsync("Alice, for this channel", Tokens.Valid("alice", "read", [channel]), channel, Open);
            await ExpectAsync("Alice, for another channel", Tokens.Valid("alice", "read", ["tenant:alice:metrics:other"]), channel, PermissionDenied);
            await ExpectAsync("Alice, for no channel", Tokens.Valid("alice", "read", []), channel, PermissionDenied);
            await ExpectAsync("Bob", Tokens.Valid("bob"), channel, PermissionDenied);
            await ExpectAsync("Bob, with Alice's channel in his token", Tokens.Valid("bob", "read", [channel, "*"]), channel, PermissionDenied);
            await ExpectAsync("nobody", "", channel, NoConnection);
            await ExpectAsync("Alice, expired", Tokens.Expired("alice"), channel, NoConnection);
            await ExpectAsync("Alice without the scope", Tokens.Valid("alice", "ingest write admin"), channel, NoConnection, PermissionDenied);
            await ExpectAsync("Bob who wrote Alice into his token", Tokens.Tampered("bob", "alice"), channel, NoConnection);
            await ExpectAsync("a token without a signature", Tokens.Unsigned("alice"), channel, NoConnection);
        }

        foreach (var channel in Foreign) await ExpectAsync("Bob", Tokens.Valid("bob", "read"), channel, PermissionDenied);
        output.WriteLine($"{tried} cases over {Channels.Length + Foreign.Length} channels");
        Assert.Equal([], wrong);

        async Task ExpectAsync(string who, string token, string channel, params string[] expected)
        {
            tried++;
            var outcome = await SubscribeAsync(token, channel);
            if (!expected.Contains(outcome)) wrong.Add($"{channel} as {who}: {outcome}");
        }
    }

    /// <summary>What came of it; without a connection there is nothing to subscribe on.</summary>
    private async Task<string> SubscribeAsync(string token, string channel)
    {
        using var socket = new ClientWebSocket();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.ConnectAsync(new UriBuilder(millrace.Url) { Scheme = "ws", Path = "/connection/websocket" }.Uri, limit.Token);
        if (await CallAsync(socket, new JsonObject { ["id"] = 1, ["connect"] = new JsonObject { ["token"] = token } }, limit.Token) is not { } connected || connected["error"] is not null) return NoConnection;
        var reply = await CallAsync(socket, new JsonObject { ["id"] = 2, ["subscribe"] = new JsonObject { ["channel"] = channel } }, limit.Token);
        return reply is null ? NoConnection : reply["error"] is { } error ? $"code {error["code"]}" : Open;
    }

    private static async Task<JsonNode?> CallAsync(ClientWebSocket socket, JsonObject command, CancellationToken cancellationToken)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(command.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        var buffer = new byte[256 * 1024];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                length += received.Count;
            }
            while (!received.EndOfMessage);

            if (received.MessageType == WebSocketMessageType.Close) return null;
            foreach (var line in Encoding.UTF8.GetString(buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var reply = JsonNode.Parse(line)!;
                if ((int?)reply["id"] == (int)command["id"]!) return reply;
            }
        }
    }
}
