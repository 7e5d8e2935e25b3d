using System.Text;
using System.Text.Json.Nodes;
using Millrace.Contracts.Protos;
using Millrace.RealtimeGateway.Deltas;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Channels whose publications come as deltas, and filtered by tags.</summary>
public sealed class DeltaChannelTests : GatewayTest
{
    private const int Most = 1 << 20;

    private byte[]? _document;

    [Fact]
    public async Task Publications_come_whole_first_and_then_as_deltas_of_one_another()
    {
        await using var client = await ConnectAsync();
        await using var whole = await ConnectAsync();
        Assert.True((bool)(await client.CallAsync("subscribe", new { channel = Metrics, delta = "fossil" }))["subscribe"]!["delta"]!);
        await whole.SubscribeAsync(Metrics);
        var bytes = 0;

        await Writer.PutAsync(Enumerable.Range(1, 50).Select(i => Busy(i)));
        for (var i = 1; i <= 50; i++)
        {
            var publication = await client.PublicationAsync();
            Assert.Equal(i > 1, (bool?)publication["delta"] ?? false);
            bytes += ((string)publication["data"]!).Length;
            Assert.Equal((await whole.PublicationAsync())["data"]!.ToJsonString(), Apply(publication).ToJsonString());
        }

        // Three of 41 cells change from one window to the next, as in a place where little happens.
        Assert.True(bytes * 5 < 50 * _document!.Length, $"{50 * _document.Length} bytes became {bytes}");
    }

    [Fact]
    public async Task Recovered_publications_are_a_chain_and_the_next_one_is_whole()
    {
        await using var first = await ConnectAsync();
        var epoch = (string)(await first.SubscribeAsync(Metrics))["subscribe"]!["epoch"]!;
        await Writer.PutAsync(Enumerable.Range(1, 4).Select(i => LogWriter.Window(i, (ulong)i)));
        await WindowsSeenAsync(4);
        await using var client = await ConnectAsync();

        var reply = (await client.CallAsync("subscribe", new { channel = Metrics, delta = "fossil", recover = true, epoch, offset = 1 }))["subscribe"]!;
        await Writer.PutAsync(LogWriter.Window(5, 5));

        Assert.Equal([2, 3, 4], reply["publications"]!.AsArray().Select(p => (int)Apply(p!)["data"]!["count"]!));
        Assert.Equal([false, true, true], reply["publications"]!.AsArray().Select(p => (bool?)p!["delta"] ?? false));
        var next = await client.PublicationAsync();
        Assert.Null(next["delta"]);
        Assert.Equal(5, (int)Apply(next)["data"]!["count"]!);
    }

    [Fact]
    public async Task Delta_that_is_not_known_is_not_agreed_on()
    {
        await using var client = await ConnectAsync();

        Assert.Null((await client.CallAsync("subscribe", new { channel = Metrics, delta = "other" }))["subscribe"]!["delta"]);
        await Writer.PutAsync(LogWriter.Window(1, 1));

        Assert.IsType<JsonObject>((await client.PublicationAsync())["data"]);
    }

    [Fact]
    public async Task Filter_and_delta_together_take_each_from_what_the_client_has()
    {
        await using var client = await ConnectAsync();
        await using var other = await ConnectAsync();
        var filter = new { key = "type", cmp = "eq", val = "purchase" };
        Assert.Equal(0, Code(await client.CallAsync("subscribe", new { channel = Metrics, delta = "fossil", tf = filter })));
        Assert.Equal(0, Code(await other.CallAsync("subscribe", new { channel = Metrics, tf = new { key = "count", cmp = "gt", val = "12" } })));

        for (var i = 1; i <= 10; i++) await Writer.PutAsync(LogWriter.Window(i, (ulong)i), LogWriter.Window(i, (ulong)(10 + i), type: "refund"));

        for (var i = 1; i <= 10; i++)
        {
            var publication = await client.PublicationAsync();
            Assert.Equal(i > 1, (bool?)publication["delta"] ?? false);
            var window = Apply(publication)["data"]!;
            Assert.Equal(("purchase", i), ((string)window["type"]!, (int)window["count"]!));
        }

        for (var i = 3; i <= 10; i++) Assert.Equal(10 + i, (int)(await other.PublicationAsync())["data"]!["data"]!["count"]!);
    }

    [Fact]
    public async Task Filter_holds_for_the_snapshot_and_for_what_was_missed()
    {
        await Writer.PutAsync(LogWriter.Window(1, 1), LogWriter.Window(1, 2, type: "refund"), LogWriter.Window(2, 3));
        await WindowsSeenAsync(3);
        var tf = new { op = "not", nodes = new[] { new { key = "type", cmp = "sw", val = "ref" } } };
        await using var client = await ConnectAsync();

        var fresh = (await client.CallAsync("subscribe", new { channel = Metrics, tf }))["subscribe"]!;
        await using var back = await ConnectAsync();
        var missed = (await back.CallAsync("subscribe", new { channel = Metrics, tf, recover = true, epoch = (string)fresh["epoch"]!, offset = 0 }))["subscribe"]!;

        Assert.Equal([1, 3], Counts(fresh["data"]!["data"]!["windows"]!));
        Assert.Equal([1, 3], missed["publications"]!.AsArray().Select(p => (int)p!["data"]!["data"]!["count"]!));
    }

    [Theory]
    [InlineData("""{"key":"type","cmp":"like","val":"x"}""")]
    [InlineData("""{"op":"and"}""")]
    [InlineData("""{"op":"not","nodes":[]}""")]
    [InlineData("""{"cmp":"eq","val":"x"}""")]
    public async Task Filter_that_makes_no_sense_is_107(string filter)
    {
        await using var client = await ConnectAsync();

        Assert.Equal(107, Code(await client.CallAsync("subscribe", new { channel = Metrics, tf = JsonNode.Parse(filter) })));
    }

    [Fact]
    public async Task Merge_patches_of_a_plain_socket_make_the_messages_that_another_gets()
    {
        var path = "/ws?stream=shop&access_token=" + Server.Token();
        await using var client = await SocketClient.OpenAsync(Server.Address, path + "&delta=merge-patch");
        await using var whole = await SocketClient.OpenAsync(Server.Address, path);
        Assert.Equal("snapshot", (string)(await client.ReadAsync())["type"]!);
        await whole.ReadAsync();
        JsonNode known = new JsonObject();

        for (var i = 1; i <= 10; i++)
        {
            await Writer.PutAsync(LogWriter.Window(i, (ulong)i));
            var message = await client.ReadAsync();
            // Only a whole message names its channel.
            Assert.Equal(i == 1, message["channel"] is not null);
            known = message["channel"] is not null ? message : Patch(known, message);
            Assert.True(JsonNode.DeepEquals(await whole.ReadAsync(), known));
        }
    }

    [Fact]
    public void Merge_patch_follows_rfc_7396()
    {
        Check("""{"a":1,"b":{"c":[1,2],"d":"x"},"e":null}""", """{"a":2,"b":{"c":[1],"d":"x"}}""", """{"a":2,"b":{"c":[1]}}""");
        Check("""{"a":1,"b":{"c":1}}""", """{"b":{}}""", """{"b":{"c":null},"a":null}""");
        Check("""{"a":{"b":1}}""", """{"a":[1],"c":"ü"}""", """{"a":[1],"c":"ü"}""");
        Check("""{"a":1}""", """{"a":1}""", "{}");

        static void Check(string from, string to, string patch) =>
            Assert.Equal(patch, Encoding.UTF8.GetString(MergePatch.Make(Encoding.UTF8.GetBytes(from), Encoding.UTF8.GetBytes(to))));
    }

    private static Window Busy(int second)
    {
        var window = LogWriter.Window(second, (ulong)second);
        for (var cell = 0; cell < 40; cell++) window.GeoCells.Add(new GeoCell { Geohash = $"u3{cell:d2}", Count = (ulong)(cell % 13 == 0 ? second : 7) });
        return window;
    }

    private JsonNode Apply(JsonNode publication)
    {
        var data = Encoding.UTF8.GetBytes((string)publication["data"]!);
        if ((bool?)publication["delta"] ?? false)
        {
            Assert.True(FossilDelta.TryApply(_document, data, Most, out var made));
            _document = made;
        }
        else
        {
            _document = data;
        }

        return JsonNode.Parse(_document)!;
    }

    private static JsonNode Patch(JsonNode target, JsonNode patch)
    {
        var result = target.DeepClone().AsObject();
        foreach (var (name, value) in patch.AsObject())
        {
            if (value is null) result.Remove(name);
            else if (value is JsonObject inner && result[name] is JsonObject old) result[name] = Patch(old, inner);
            else result[name] = value.DeepClone();
        }

        return result;
    }
}
