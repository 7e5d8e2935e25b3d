using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The server API as a backend uses it, on one and on two gateways.</summary>
public sealed class ServerApiTests : GatewayTest
{
    private const string Room = "tenant:acme:chat:room";

    protected override (string Key, string Value)[] Settings =>
    [
        ("Gateway:Namespaces:chat:HistorySize", "3"), ("Gateway:Namespaces:chat:Recovery", "true"),
        ("Gateway:Namespaces:note:HistorySize", "0"),
    ];

    [Fact]
    public async Task Publish_answers_with_the_position_and_history_shows_it()
    {
        var first = (await CallAsync("publish", new { channel = Room, data = new { n = 1 } }))["result"]!;
        var second = (await CallAsync("publish", new { channel = Room, b64data = Convert.ToBase64String("{\n \"n\": 2 }"u8), tags = new { kind = "x" } }))["result"]!;

        Assert.True((long)second["offset"]! > (long)first["offset"]!);
        var history = await HistoryAsync(2);
        Assert.Equal("""{"n":1}""", history["publications"]![0]!["data"]!.ToJsonString());
        Assert.Equal("""{"n":2}""", history["publications"]![1]!["data"]!.ToJsonString());
        Assert.Equal("x", (string)history["publications"]![1]!["tags"]!["kind"]!);
        Assert.Equal((string)second["epoch"]!, (string)history["epoch"]!);
        Assert.Equal((long)second["offset"]!, (long)history["offset"]!);
    }

    [Fact]
    public async Task History_beyond_memory_is_read_from_the_log()
    {
        var first = (await CallAsync("publish", new { channel = Room, data = 0 }))["result"]!;
        for (var n = 1; n <= 9; n++) await CallAsync("publish", new { channel = Room, data = n });
        await HistoryAsync(3);

        var since = new { epoch = (string)first["epoch"]!, offset = (long)first["offset"]! };
        var page = (await CallAsync("history", new { channel = Room, limit = -1, since }))["result"]!;

        Assert.Equal(Enumerable.Range(1, 9), page["publications"]!.AsArray().Select(p => (int)p!["data"]!));
        Assert.Equal([9, 8], (await CallAsync("history", new { channel = Room, limit = 2, reverse = true }))["result"]!["publications"]!.AsArray().Select(p => (int)p!["data"]!));
        Assert.Empty((await CallAsync("history", new { channel = Room }))["result"]!["publications"]!.AsArray());
        Assert.Equal(112, Code(await CallAsync("history", new { channel = Room, limit = 5, since = new { epoch = "other", offset = 1 } })));
    }

    [Fact]
    public async Task Repeated_idempotency_key_is_published_once_whatever_gateway_takes_it()
    {
        await using var other = await Server.StartBesideAsync();
        using var there = new HttpClient { BaseAddress = GatewayServer.AddressOf(other) };
        there.DefaultRequestHeaders.Add("X-API-Key", GatewayServer.ApiKey);
        using var here = Server.Http();
        var tasks = Enumerable.Range(0, 12).Select(i => CallAsync(i % 2 == 0 ? here : there, "publish", new { channel = Room, data = i, idempotency_key = "once" }));
        var offsets = (await Task.WhenAll(tasks)).Select(r => (long)r["result"]!["offset"]!).Distinct().ToArray();
        await CallAsync("publish", new { channel = "tenant:acme:chat:other", data = 1, idempotency_key = "once" });
        var last = (await CallAsync("publish", new { channel = Room, data = "last" }))["result"]!;

        var position = Assert.Single(offsets);
        var history = await HistoryAsync(2);
        Assert.Equal([position, (long)last["offset"]!], history["publications"]!.AsArray().Select(p => (long)p!["offset"]!));
        // What is read back from the log holds no repetition either: a gateway that begins now has nothing in memory.
        var from = new { epoch = (string)last["epoch"]!, offset = position };
        Assert.Equal(["last"], (await CallAsync(there, "history", new { channel = Room, limit = 10, since = from }))["result"]!["publications"]!.AsArray().Select(p => (string)p!["data"]!));
    }

    [Fact]
    public async Task History_removed_is_gone_for_every_gateway_and_not_read_back()
    {
        await using var other = await Server.StartBesideAsync();
        using var there = new HttpClient { BaseAddress = GatewayServer.AddressOf(other) };
        there.DefaultRequestHeaders.Add("X-API-Key", GatewayServer.ApiKey);
        var first = (await CallAsync("publish", new { channel = Room, data = 1 }))["result"]!;
        await CallAsync("publish", new { channel = Room, data = 2 });

        Assert.NotNull((await CallAsync("history_remove", new { channel = Room }))["result"]);
        await CallAsync("publish", new { channel = Room, data = 3 });

        foreach (var http in new[] { Server.Http(), there })
        {
            await Eventually.TrueAsync(async () => (await DataAsync(http)).SequenceEqual([3]));
            var since = new { epoch = (string)first["epoch"]!, offset = (long)first["offset"]! };
            Assert.Equal(112, Code(await CallAsync(http, "history", new { channel = Room, limit = 10, since })));
        }
    }

    [Fact]
    public async Task Broadcast_and_batch_answer_for_each_part()
    {
        var broadcast = await CallAsync("broadcast", new { channels = new[] { Room, "tenant:other:chat:room", "tenant:acme:none:x", "tenant:acme:alerts", "tenant:acme:chat:b" }, data = 1 });
        var responses = broadcast["result"]!["responses"]!.AsArray();
        Assert.Equal([0, 103, 102, 108, 0], responses.Select(r => Code(r!)));
        Assert.True((long)responses[4]!["result"]!["offset"]! > 0);

        var batch = await CallAsync("batch", new
        {
            commands = new object[]
            {
                new { publish = new { channel = Room, data = 2 } }, new { history = new { channel = Room, limit = 1, reverse = true } }, new { rewind = new { } }, new { publish = 1 },
            },
        });
        var replies = batch["replies"]!.AsArray();
        Assert.Equal([0, 0, 104, 107], replies.Select(r => Code(r!)));
        Assert.NotNull(replies[0]!["publish"]!["offset"]);
        Assert.NotNull(replies[1]!["history"]!["publications"]);
    }

    [Theory]
    [InlineData("publish", """{"channel":"tenant:acme:chat:room"}""", 107)]
    [InlineData("publish", """{"channel":"","data":1}""", 107)]
    [InlineData("publish", """{"channel":1,"data":1}""", 107)]
    [InlineData("publish", """{"channel":"tenant:acme:chat:room","b64data":"?"}""", 107)]
    [InlineData("publish", """{"channel":"tenant:acme:chat:room","b64data":"eyI="}""", 107)]
    [InlineData("publish", """{"channel":"tenant:acme:chat:room","data":1,"tags":{"a":1}}""", 107)]
    [InlineData("publish", """{"channel":"tenant:acme:metrics:shop","data":1}""", 108)]
    [InlineData("publish", """{"channel":"tenant:other:chat:room","data":1}""", 103)]
    [InlineData("publish", """{"channel":"admin:x","data":1}""", 103)]
    [InlineData("publish", """{"channel":"chat:room","data":1}""", 102)]
    [InlineData("publish", """{"channel":"tenant:acme:chat:room","data":"\ud800"}""", 107)]
    [InlineData("publish", """{"ch\ud800":1,"channel":"tenant:acme:chat:room","data":1}""", 107)]
    [InlineData("publish", "[]", 107)]
    [InlineData("publish", "{", 107)]
    [InlineData("history_remove", """{"channel":"tenant:acme:alerts"}""", 108)]
    [InlineData("broadcast", """{"channels":[],"data":1}""", 107)]
    [InlineData("batch", "{}", 107)]
    public async Task Request_that_cannot_be_served_is_answered_with_its_code(string method, string body, int code)
    {
        using var http = Server.Http();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/" + method, content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(code, Code(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!));
    }

    [Fact]
    public async Task Errors_are_statuses_where_the_caller_asks_for_them()
    {
        using var http = Server.Http();
        http.DefaultRequestHeaders.Add("X-Centrifugo-Error-Mode", "transport");
        using var content = new StringContent("""{"channel":"tenant:acme:none:x","data":1}""");
        using var answer = await http.PostAsync("/api/publish", content);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Credential_needs_the_scope_of_each_method()
    {
        using var reader = Server.Http(Server.Token(scopes: Scopes.Read));
        using var content = new StringContent("""{"channel":"tenant:acme:chat:room","data":1}""");
        using var refused = await reader.PostAsync("/api/publish", content);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        var batch = await CallAsync(reader, "batch", new { commands = new object[] { new { publish = new { channel = Room, data = 1 } }, new { history = new { channel = Room } } } });
        Assert.Equal([103, 0], batch["replies"]!.AsArray().Select(r => Code(r!)));

        using var narrow = Server.Http(Server.Token(scopes: Scopes.Read | Scopes.Write, channels: ["tenant:acme:chat:room"]));
        Assert.Equal(0, Code(await CallAsync(narrow, "publish", new { channel = Room, data = 1 })));
        Assert.Equal(103, Code(await CallAsync(narrow, "publish", new { channel = "tenant:acme:chat:b", data = 1 })));

        using var carrier = Server.Http(null);
        carrier.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "apikey " + GatewayServer.ApiKey);
        Assert.Equal(0, Code(await CallAsync(carrier, "publish", new { channel = Room, data = 1 })));
    }

    private Task<JsonNode> CallAsync(string method, object request) => CallAsync(Server.Http(), method, request);

    private static async Task<JsonNode> CallAsync(HttpClient http, string method, object request)
    {
        using var content = new StringContent(System.Text.Json.JsonSerializer.Serialize(request), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/" + method, content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<JsonNode> HistoryAsync(int count)
    {
        var page = new JsonObject();
        await Eventually.TrueAsync(async () => (page = (await CallAsync("history", new { channel = Room, limit = 100 }))["result"]!.AsObject())["publications"]!.AsArray().Count == count);
        return page;
    }

    private static async Task<int[]> DataAsync(HttpClient http) =>
        [.. (await CallAsync(http, "history", new { channel = Room, limit = 100 }))["result"]!["publications"]!.AsArray().Select(p => (int)p!["data"]!)];
}
